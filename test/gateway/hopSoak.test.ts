import { expect, test } from 'vitest';
import { soak } from '../bench/hopSoak.ts';

/** A short run of `npm run bench -- hopSoak`: the program itself, before servers that die, stall, reset and restart. */
test('after servers that fail in every way and clients that leave in every way, nothing is left open', async () => {
  const { requests, sockets, before, peak, after, slowReadersMiB } = await soak({
    requests: 4600,
    sockets: 660,
    slowReaders: 50,
  });
  expect(requests).toMatchObject({ 'silent: left': expect.any(Number), 'half: broken off': expect.any(Number) });
  expect(requests['ok: 200']).toBeGreaterThan(1000);
  expect(sockets['ws: 101']).toBeGreaterThan(100);
  expect(peak.descriptors).toBeGreaterThan(before.descriptors + 300);
  expect(after.descriptors).toBeLessThanOrEqual(before.descriptors + 3);
  expect(after.sockets['tcp CLOSE_WAIT']).toBe(undefined);
  expect(after.heapMiB - before.heapMiB).toBeLessThan(10);
  expect(slowReadersMiB).toBeLessThan(150);
});
