import { expect, test } from 'vitest';
import type { Share } from '../../../src/access/types.ts';
import { acceptedShare } from '../../../src/hub/acceptedShare.ts';

const end = '2026-12-01T00:00:00.000Z';
const read = { level: 'read', mayStart: false } as const;
const readStart = { level: 'read', mayStart: true } as const;
const control = { level: 'control', mayStart: false } as const;

function own(level: Share['level'], more: Partial<Share> = {}): Share {
  const grantee = { kind: 'user', name: 'bob' } as const;
  return { id: 's', owner: 'alice', server: '', grantee, level, expiresAt: null, note: '', createdAt: end, ...more };
}

test.each([
  ['nothing', undefined, control, { level: 'control', mayStart: false, expiresAt: null }],
  ['looking', own('read'), control, { level: 'control', mayStart: false, expiresAt: null }],
  [
    'looking and starting',
    own('read', { mayStart: true }),
    control,
    { level: 'control', mayStart: true, expiresAt: null },
  ],
  ['acting', own('control'), readStart, { level: 'control', mayStart: true, expiresAt: null }],
  ['looking until a day', own('read', { expiresAt: end }), read, { level: 'read', mayStart: false, expiresAt: null }],
  [
    'looking until a day',
    own('read', { expiresAt: end }),
    control,
    { level: 'control', mayStart: false, expiresAt: null },
  ],
  [
    'acting until a day',
    own('control', { expiresAt: end }),
    readStart,
    { level: 'control', mayStart: true, expiresAt: end },
  ],
])('who has %s gets what the code adds', (_, before, code, gets) => {
  expect(acceptedShare(code, before)).toEqual({ gets });
});

test.each([
  ['the same', own('read'), read],
  ['more', own('control'), read],
  ['more, until a day', own('control', { expiresAt: end }), read],
  ['more, with the right to start', own('control', { mayStart: true }), readStart],
])('who has %s keeps it as it is', (_, before, code) => {
  expect(acceptedShare(code, before)).toEqual({ keeps: before });
});
