import { expect, test } from 'vitest';
import { adoption } from '../../../src/identity/externalSessions.ts';
import type { External } from '../../../src/identity/externalSessions.ts';
import type { SessionRecord } from '../../../src/store/schema.ts';

const now = Date.parse('2026-11-24T12:00:00Z');
const token: External = {
  sessionId: 'x-1',
  sessionNamed: true,
  issuedAt: now - 10_000,
  expiresAt: now + 600_000,
  issuer: 'https://idp',
  account: 'alice',
  uid: 1000,
  userAgent: 'browser',
  groups: ['claim:ops'],
  provider: { subject: 's', sid: 'one' },
};

function first(more: Partial<External> = {}): SessionRecord {
  const step = adoption(undefined, { ...token, ...more }, { now });
  if (step.kind !== 'put') throw new Error('no record');
  return step.record;
}

const ended = (record: SessionRecord): SessionRecord => ({ ...record, revokedAt: new Date(now).toISOString() });

test('the first token begins a record, the same one changes nothing, a renewed one prolongs it', () => {
  const record = first();
  expect(record).toMatchObject({ id: 'x-1', account: 'alice', kind: 'external', groups: ['claim:ops'] });
  expect(adoption(record, token, { now })).toEqual({ kind: 'keep' });
  const renewed = adoption(record, { ...token, expiresAt: token.expiresAt + 1000 }, { now });
  expect(renewed).toMatchObject({ kind: 'put', began: false, record: { createdAt: record.createdAt } });
});

test('groups of a renewed token take the place of those before', () => {
  const later = { ...token, expiresAt: token.expiresAt + 1000 };
  const record = first({ groups: ['claim:ops', 'claim:wx'] });
  const narrower = adoption(record, { ...later, groups: ['claim:wx'] }, { now });
  expect(narrower).toMatchObject({ kind: 'put', record: { groups: ['claim:wx'] } });
  const none = adoption(record, { ...later, groups: [] }, { now });
  expect(none.kind === 'put' && none.record).not.toHaveProperty('groups');
  expect(adoption(record, { ...token, groups: [] }, { now }), 'an older token changes nothing').toEqual({
    kind: 'keep',
  });
});

test('a named session that was ended stays ended, however often its issuer renews it', () => {
  const later = { ...token, issuedAt: now + 60_000, expiresAt: now + 900_000 };
  expect(adoption(ended(first()), later, { now })).toEqual({ kind: 'void' });
});

test('where tokens name no session, a later one begins anew and the older ones stay void', () => {
  const person = { ...token, sessionNamed: false };
  const over = ended(first(person));
  expect(adoption(over, person, { now })).toEqual({ kind: 'void' });
  expect(adoption(over, { ...person, issuedAt: now }, { now })).toEqual({ kind: 'void' });
  const anew = adoption(over, { ...person, issuedAt: now + 1000 }, { now: now + 1000 });
  expect(anew).toMatchObject({ kind: 'put', began: true, record: { revokedAt: null } });
  if (anew.kind !== 'put') throw new Error('no record');
  expect(adoption(anew.record, person, { now })).toEqual({ kind: 'void' });
  expect(adoption(anew.record, { ...person, issuedAt: now + 1000 }, { now })).toEqual({ kind: 'keep' });
});

test('a token that does not say when it was made cannot prove that it is a new one', () => {
  const { issuedAt: _, ...undated } = { ...token, sessionNamed: false };
  expect(adoption(ended(first(undated)), undated, { now })).toEqual({ kind: 'void' });
});
