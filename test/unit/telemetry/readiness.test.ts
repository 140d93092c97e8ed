import { expect, test } from 'vitest';
import { createReadiness } from '../../../src/telemetry/readiness.ts';

function world(answers: () => Promise<boolean>) {
  const state = { listening: true, reconciled: true, writable: true, now: 0, asked: 0 };
  const look = createReadiness({
    isListening: () => state.listening,
    isReconciled: () => state.reconciled,
    isWritable: () => state.writable,
    workersAnswer() {
      state.asked += 1;
      return answers();
    },
    now: () => state.now,
  });
  return { state, look };
}

test.each(['listening', 'reconciled', 'writable'] as const)('not ready while it is not %s', async (what) => {
  const { state, look } = world(() => Promise.resolve(true));
  expect((await look()).ready).toBe(true);
  state[what] = false;
  const { ready, checks } = await look();
  expect(ready).toBe(false);
  expect(Object.values(checks).filter((holds) => !holds)).toHaveLength(1);
});

test('not ready while threads fail, and well again when they do not', async () => {
  let answer: () => Promise<boolean> = () => Promise.reject(new Error('stuck'));
  const { state, look } = world(() => answer());
  expect(await look()).toMatchObject({ ready: false, checks: { workers: false } });
  answer = () => Promise.resolve(true);
  state.now += 5000;
  expect((await look()).ready).toBe(true);
});

test('whoever asks often does not make the threads work', async () => {
  const { state, look } = world(() => Promise.resolve(true));
  await Promise.all(Array.from({ length: 1000 }, () => look()));
  state.now += 4999;
  await look();
  expect(state.asked).toBe(1);
});
