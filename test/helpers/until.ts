import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds, asking every 20 ms; after `timeoutMs` fails with what `explain` says. */
export async function until<T>(
  condition: () => T | Promise<T>,
  timeoutMs = 10_000,
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
