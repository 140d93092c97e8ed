import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Bound for what has to act by itself and not by a timer, ms. Wide enough for a slow and busy machine; each test that uses
 * it sees to it that every timer that could do the same is at least twice as long.
 */
export const promptlyMs = 15_000;

/**
 * Waits until the condition holds, asking every 20 ms; after `timeoutMs` fails with what `explain` says. That limit is
 * for what never comes: how quickly something comes is measured by `npm run bench`, not asserted by tests.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  timeoutMs = 30_000,
  explain: () => string = () => 'the condition never held',
): Promise<NonNullable<T>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value !== false && value !== undefined && value !== null) return value;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms: ${explain()}`);
    await sleep(20);
  }
}
