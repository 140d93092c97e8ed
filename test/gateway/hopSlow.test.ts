import { expect, test } from 'vitest';
import { slow } from '../bench/hopSlow.ts';
import { attacks } from '../bench/slow/attacks.ts';

/** A short run of `npm run bench -- hopSlow`: how long people wait is measured there, that they are served is held here. */
test('everybody is served while others idle, drip, read nothing, ping or send nonsense', async () => {
  const counts = Object.fromEntries(Object.keys(attacks).map((name) => [name, 150]));
  const rounds = await slow({ counts, seconds: 0.5, settleMs: 300 });
  expect(rounds.length).toBe(Object.keys(attacks).length * 2);
  for (const { attack, served, failed } of rounds) {
    expect({ attack, failed }).toEqual({ attack, failed: 0 });
    expect(served).toBeGreaterThan(0);
  }
  expect(rounds.find(({ attack }) => attack === 'idle WebSockets')!.descriptors).toBeGreaterThan(300);
});
