import { expect, test } from 'vitest';
import { toLine } from '../../../src/telemetry/audit/record.ts';
import type { AuditRecord } from '../../../src/telemetry/audit/record.ts';
import { ofRefusal, ofSignIn, ofRecord } from '../../../src/telemetry/audit/toRecord.ts';

const record: AuditRecord = {
  at: '2026-11-25T20:00:00.000Z',
  what: 'denied',
  result: 'denied',
  who: 'bob',
  as: null,
  target: null,
  owner: null,
  way: 'page',
  from: '192.0.2.1',
  requestId: 'r1',
  code: 'access.denied',
  reason: null,
};

test.each([
  ['an escape sequence', '\u001B]0;owned\u0007'],
  ['a new line that would be a record', 'x\n{"what":"visit"}'],
  ['a right-to-left override', 'abc\u202Ecba'],
  ['half a character', 'a\uD800b'],
  ['C1 controls', '\u009B31m'],
  ['a line separator', 'a\u2028b'],
])('%s is written out', (_, text) => {
  const line = toLine({ ...record, target: text, detail: { deep: { note: text }, [text]: 1 } });
  expect(line.slice(0, -1)).not.toMatch(/\p{C}/u);
  expect(line.endsWith('\n')).toBe(true);
  expect(JSON.parse(line)).toMatchObject({ what: 'denied', target: expect.stringContaining('\\u{') as string });
});

test('no text, list or depth makes a line long, and no token of ours is in it', () => {
  let deep: Record<string, unknown> = { end: 'x' };
  for (let at = 0; at < 100; at += 1) deep = { deep };
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, 'v'.repeat(5000)]));
  const token = `cgw_${'a'.repeat(43)}`;
  const line = toLine({ ...record, target: 'a'.repeat(1e6), reason: `of ${token}`, detail: { deep, many } });
  expect(line.length).toBeLessThan(50 * 250);
  expect(line).not.toContain(token);
  expect(line).toContain('of cgw_…');
});

const asked = { method: 'GET', path: '/hub/x', upgrade: false } as const;

test.each([
  [401, false, true],
  [403, false, true],
  [429, false, true],
  [404, true, true],
  [404, false, false],
  [502, false, false],
  [400, false, false],
])('a refusal by %i (as if there were nothing: %s) is a denial: %s', (status, hidden, denial) => {
  expect(ofRefusal({ code: 'access.denied', status, hidden, ...asked }) !== undefined).toBe(denial);
});

test('a failed sign-in names nobody as who did it, and tells the one who was named', () => {
  const facts = ofSignIn({ ok: false, method: 'password', account: 'alice', code: 'auth.password' });
  expect(facts).toMatchObject({ result: 'denied', owner: 'alice', target: 'account alice' });
  expect(facts.who).toBeUndefined();
});

test('of a record of admin.json the fields that changed are told, and no note', () => {
  const before = { admin: true, note: 'ill', createdAt: 'x' };
  const after = { blocked: true, note: 'well', createdAt: 'x' };
  const facts = ofRecord({ map: 'accounts', key: 'bob', act: 'changed', before, after, byHand: true });
  expect(facts).toMatchObject({ what: 'account.blocked', owner: 'bob', way: 'hand edit', who: null });
  expect(facts?.detail).toEqual({ admin: null, blocked: true });
});
