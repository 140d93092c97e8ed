import { expect, test } from 'vitest';
import { createOpenEntries } from '../../../src/hub/oauth/openEntries.ts';

const clock = { ms: 0, now: () => clock.ms };

test('an entry is there until its time is over, is deleted, or its session ends', () => {
  const open = createOpenEntries<string>({ clock, lifetimeMs: 1000 });
  for (const [key, sessionId] of [
    ['a', 'one'],
    ['b', 'one'],
    ['c', 'two'],
    ['d', 'two'],
  ] as const)
    open.add(key, sessionId, key);
  open.delete('c');
  open.forgetSession('one');
  expect(['a', 'b', 'c', 'd'].map((key) => open.get(key))).toEqual([undefined, undefined, undefined, 'd']);
  clock.ms += 1000;
  expect(open.get('d')).toBeUndefined();
});

test('a session with too many loses its oldest, and no other session any', () => {
  const open = createOpenEntries<number>({ clock, lifetimeMs: 1000 });
  open.add('other', 'patient', -1);
  for (let index = 0; index < 150; index += 1) open.add(`key${index}`, 'greedy', index);
  expect([open.get('key49'), open.get('key50'), open.get('key149'), open.get('other')]).toEqual([
    undefined,
    50,
    149,
    -1,
  ]);
});

test('to add one costs the same however many are open', () => {
  let looks = 0;
  const counting = { now: () => (looks += 1) && 0 };
  const open = createOpenEntries<number>({ clock: counting, lifetimeMs: 1000 });
  for (let index = 0; index < 10_000; index += 1) open.add(`key${index}`, `session${index}`, index);
  expect(looks).toBeLessThanOrEqual(20_000);
});
