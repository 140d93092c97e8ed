import { expect, test } from 'vitest';
import { inTurns } from '../../../src/telemetry/audit/turns.ts';

test('the trail is read by one at a time, and the same question is asked once', async () => {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const list = inTurns(({ account = '' }) => {
    begun.push(account);
    return new Promise((resolve) => void ends.push(() => resolve([])));
  });
  const asked = Array.from({ length: 20 }, (_, index) =>
    list({ account: index % 2 === 0 ? 'alice' : 'bob', limit: 1 }),
  );
  await new Promise(setImmediate);
  expect(begun).toEqual(['alice']);
  ends.shift()?.();
  await new Promise(setImmediate);
  expect(begun).toEqual(['alice', 'bob']);
  ends.shift()?.();
  await Promise.all(asked);
  expect(begun).toEqual(['alice', 'bob']);
});

test('a read that fails keeps nobody from the next', async () => {
  let reads = 0;
  const list = inTurns(() => {
    reads += 1;
    return reads === 1 ? Promise.reject(new Error('no file')) : Promise.resolve([]);
  });
  await expect(list({ limit: 1 })).rejects.toThrow('no file');
  expect(await list({ limit: 1 })).toEqual([]);
});
