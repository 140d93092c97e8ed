import { expect, test } from 'vitest';
import { createOneAtATime } from '../../../src/shares/oneAtATime.ts';

test('one at a time for each key, and once more for all that came meanwhile', async () => {
  const began: string[] = [];
  const ends: (() => void)[] = [];
  const run = createOneAtATime(String, async (key: string) => {
    began.push(key);
    await new Promise<void>((resolve) => void ends.push(resolve));
  });
  const first = run('a');
  for (let index = 0; index < 100; index += 1) void run('a');
  const other = run('b');
  expect(began).toEqual(['a', 'b']);
  ends[0]?.();
  ends[1]?.();
  await other;
  await new Promise(setImmediate);
  expect(began).toEqual(['a', 'b', 'a']);
  ends[2]?.();
  await first;
  expect(began).toHaveLength(3);
});
