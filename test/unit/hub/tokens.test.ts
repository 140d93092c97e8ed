import { expect, test } from 'vitest';
import { createTokens } from '../../../src/hub/tokens/createTokens.ts';
import { bearerToken, hashToken } from '../../../src/hub/tokens/tokenText.ts';
import { createMemoryStore } from '../../helpers/memoryStore.ts';

const start = Date.parse('2026-06-01T12:00:00Z');

function setUp() {
  const clock = { nowMs: start, now: () => clock.nowMs };
  const store = createMemoryStore();
  return { clock, store, tokens: createTokens({ store, clock }) };
}

const spec = { kind: 'user', owner: 'alice', scopes: ['self'], note: '' } as const;

test('a token is found, and the store keeps only its hash', async () => {
  const { store, tokens } = setUp();
  const { token } = await tokens.issue(spec);
  expect(token).toMatch(/^cgw_[\w-]{43}$/);
  expect(tokens.find(token)).toMatchObject({ owner: 'alice', hash: hashToken(token) });
  expect(JSON.stringify(store.state.data)).not.toContain(token);
});

test('an expired token is unknown, from the very millisecond on', async () => {
  const { clock, tokens } = setUp();
  const { token } = await tokens.issue({ ...spec, expiresAt: start + 1000 });
  clock.nowMs = start + 999;
  expect(tokens.find(token)).toBeDefined();
  clock.nowMs = start + 1000;
  expect(tokens.find(token)).toBeUndefined();
});

test('revoking takes effect before it is on disk, and takes expired ones along', async () => {
  const { clock, store, tokens } = setUp();
  const first = await tokens.issue(spec);
  await tokens.issue({ ...spec, owner: 'bob', expiresAt: start + 1 });
  clock.nowMs = start + 1;
  const revoked = tokens.revokeWhere((record) => record.owner === 'alice');
  expect(tokens.find(first.token)).toBeUndefined();
  expect(await revoked).toBe(2);
  expect(store.state.data.tokens).toEqual({});
});

test('a restarted gateway still knows the tokens', async () => {
  const { clock, store, tokens } = setUp();
  const { token } = await tokens.issue(spec);
  expect(createTokens({ store, clock }).find(token)?.owner).toBe('alice');
});

test('the last use is recorded, at most once a minute', async () => {
  const { clock, tokens } = setUp();
  const { token } = await tokens.issue(spec);
  tokens.find(token);
  clock.nowMs += 30_000;
  tokens.find(token);
  expect(tokens.find(token)?.lastUsedAt).toBe('2026-06-01T12:00:00.000Z');
  clock.nowMs += 30_000;
  tokens.find(token);
  expect(tokens.find(token)?.lastUsedAt).toBe('2026-06-01T12:01:00.000Z');
});

test.each([
  ['token abc', 'abc'],
  ['Bearer abc', 'abc'],
  ['bearer  abc', 'abc'],
  ['Basic abc', undefined],
  ['abc', undefined],
  ['token a b', undefined],
  [undefined, undefined],
])('Authorization %j bears %j', (header, token) => {
  expect(bearerToken(header)).toBe(token);
});
