import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOrigin } from './origin.ts';
import type { Origin } from './origin.ts';
import { startWorker } from './workerd.ts';
import type { RunningWorker } from './workerd.ts';

/** Keys in a fresh Worker that many ask at once, from a key server that takes its time. */
let origin: Origin;
let worker: RunningWorker;
const cooldownMs = 30_000;

beforeAll(async () => {
  origin = await startOrigin();
  origin.delayKeys(300);
  worker = await startWorker({ ORIGIN: origin.url, PUBLIC_URL: 'http://localhost:8787' });
});
afterAll(async () => {
  await worker.close();
  await origin.close();
});

async function statuses(count: number): Promise<number[]> {
  const cookie = `cylc-gateway=${await origin.token()}`;
  const answers = Array.from({ length: count }, () => fetch(`${worker.url}/user/alice/page`, { headers: { cookie } }));
  return Promise.all(answers.map(async (answer) => (await answer).status));
}
const allGood = Array.from({ length: 12 }, () => 200);

test('a fresh Worker serves all of twelve requests that come together', async () => {
  expect(await statuses(12)).toEqual(allGood);
  expect(origin.keyFetches()).toBeLessThanOrEqual(8);
});

test('and all of twelve that bear a token of the key that has followed', async () => {
  await origin.rotate();
  await setTimeout(cooldownMs + 1000);
  expect(await statuses(12)).toEqual(allGood);
});
