import { exportJWK, generateKeyPair } from 'jose';
import { beforeEach, expect, test } from 'vitest';
import { createRemoteKeys } from '../../../src/identity/remoteKeys.ts';
import type { KeySource } from '../../../src/identity/jwks.ts';

/** As in workerd: no request may wait for another's fetch, and a fetch ends with the request that began it. */
const clock = { ms: 0, now: () => clock.ms };
const tenMinutes = 600_001;
const cooldownMs = 30_000;
/** Answers that the key server owes, in the order of the requests. */
let owed: { answer(kids: readonly string[]): void; fail(): void }[];
let keys: KeySource;
const { publicKey } = await generateKeyPair('EdDSA');
const jwk = await exportJWK(publicKey);

beforeEach(() => {
  clock.ms = 1_000_000;
  owed = [];
  keys = createRemoteKeys({
    url: 'https://sso.example/jwks',
    clock,
    cooldownMs,
    shareFetches: false,
    fetch: () =>
      new Promise((resolve, reject) => {
        const body = (kids: readonly string[]) => ({ keys: kids.map((kid) => ({ ...jwk, kid })) });
        owed.push({ answer: (kids) => resolve(Response.json(body(kids))), fail: () => reject(new Error('down')) });
      }),
  });
});

/** What becomes of a request that bears a token by that key. */
const ask = (kid: string): Promise<string> =>
  keys.find({ alg: 'EdDSA', kid }).then(
    () => 'good',
    (error: Error) => error.name,
  );
const several = (count: number, kid: string): Promise<string>[] => Array.from({ length: count }, () => ask(kid));
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Answers all that is owed, and what is asked for because of that. */
async function answerAll(kids: readonly string[]): Promise<void> {
  await settled();
  for (const fetch of owed.splice(0)) fetch.answer(kids);
}

test('requests that come together to one that knows no keys are all served', async () => {
  const asked = several(12, 'one');
  await settled();
  clock.ms += 300;
  expect(owed.length).toBeLessThanOrEqual(8);
  await answerAll(['one']);
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 12 }, () => 'good'));
});

test('so are those that come together when the key has been rotated', async () => {
  const first = ask('one');
  await answerAll(['one']);
  await first;
  clock.ms += cooldownMs;
  const asked = several(12, 'two');
  await answerAll(['two']);
  expect(await Promise.all(asked)).toEqual(Array.from({ length: 12 }, () => 'good'));
});

test('old keys whose fetch ended with its request do not keep a rotated key out', async () => {
  const first = ask('one');
  await answerAll(['one']);
  await first;
  clock.ms += tenMinutes;
  // The client goes away, and the fetch that its request began never ends.
  void ask('one');
  await settled();
  owed = [];
  const asked = ask('two');
  await answerAll(['two']);
  expect(await asked).toBe('good');
});

test('while old keys are fetched anew by one request, the others go by the old ones at once', async () => {
  const first = ask('one');
  await answerAll(['one']);
  await first;
  clock.ms += tenMinutes;
  const slow = ask('one');
  await settled();
  expect(await Promise.all(several(12, 'one'))).toEqual(Array.from({ length: 12 }, () => 'good'));
  expect(owed).toHaveLength(1);
  owed[0]?.fail();
  expect(await slow).toBe('good');
});

test('unknown keys cost a few fetches in a cool-down, which begins at the end of the last', async () => {
  const first = ask('one');
  await answerAll(['one']);
  await first;
  clock.ms += cooldownMs;
  const flood = several(8, 'unknown');
  await settled();
  expect(owed).toHaveLength(8);
  clock.ms += 4000;
  await answerAll(['one']);
  expect(await Promise.all(flood)).toEqual(Array.from({ length: 8 }, () => 'JWKSNoMatchingKey'));
  clock.ms += cooldownMs - 1;
  expect(await Promise.all(several(50, 'unknown'))).toEqual(Array.from({ length: 50 }, () => 'JWKSNoMatchingKey'));
  expect(owed).toEqual([]);
  clock.ms += 1;
  void ask('unknown');
  await settled();
  expect(owed).toHaveLength(1);
});
