import { expect, test } from 'vitest';
import { isNamed, splitFields } from '../../../src/proxy/fields.ts';

test.each([
  ['Host: h', ['Host', 'h']],
  ['host:h', ['host', 'h']],
  ['hOsT:\t h \t', ['hOsT', 'h']],
  ['Hosts: h', ['Hosts', 'h']],
  ['Accept-Encodinh: gzip', ['Accept-Encodinh', 'gzip']],
  ['ETag: "a:b"\r\netag:\r\nEtag: c', ['ETag', '"a:b"', 'etag', '', 'Etag', 'c']],
  [`X-${'long-'.repeat(12)}name: v`, [`X-${'long-'.repeat(12)}name`, 'v']],
])('header lines are taken apart as they were written: %s', (text, fields) => {
  expect(splitFields(text, 0)).toEqual(fields);
});

test('a name is known in any spelling, and no other is taken for it', () => {
  expect(['cookie', 'Cookie', 'COOKIE', 'cOOKIE'].map((name) => isNamed(name, 'cookie'))).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['cookies', 'Cook\u212Ae', 'Accept', ''].map((name) => isNamed(name, 'cookie'))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});
