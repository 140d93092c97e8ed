import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { clockText, memoryText, parseMemoryMiB, parseTimeS, timeText } from '../../../src/servers/quantities.ts';

test.each([
  ['4G', 4096],
  ['1.5 GiB', 1536],
  ['512MB', 512],
  ['2t', 2 * 1024 * 1024],
  ['1024K', 1],
  ['4', undefined],
  ['', undefined],
  ['-4G', undefined],
  ['4G; rm', undefined],
  ['4 G B', undefined],
])('%j is %j MiB', (text, expected) => {
  expect(parseMemoryMiB(text)).toBe(expected);
});

test.each([
  ['8h', 28_800],
  ['90 min', 5400],
  ['1d 12h', 129_600],
  ['1h30m', 5400],
  ['8:00', 28_800],
  ['8:30:15', 30_615],
  ['1-12', 129_600],
  ['1-00:30', 88_200],
  ['30', undefined],
  ['', undefined],
  ['8 parsecs', undefined],
  ['-1h', undefined],
  ['8h; rm', undefined],
])('%j is %j s', (text, expected) => {
  expect(parseTimeS(text)).toBe(expected);
});

test('any length of time comes back from the text for batch systems', () => {
  const back = (length: number): boolean => parseTimeS(clockText(length)) === length;
  fc.assert(fc.property(fc.nat(9999 * 3600), back));
});

test('limits are told in the units that people use', () => {
  expect([memoryText(4096), memoryText(1536), memoryText(100), memoryText(0.5)]).toEqual([
    '4 GiB',
    '1.5 GiB',
    '100 MiB',
    '512 KiB',
  ]);
  expect([timeText(28_800), timeText(129_600), timeText(90), timeText(0)]).toEqual([
    '8 h',
    '1 d 12 h',
    '1 min 30 s',
    '0 s',
  ]);
});
