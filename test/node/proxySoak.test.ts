import { expect, test } from 'vitest';
import { soak } from '../bench/hopSoak.ts';

test('after upstreams that die, people who vanish, idle WebSockets and slow readers, nothing is left open', async () => {
  const result = await soak({ requests: 2000, sockets: 200, slowReaders: 50 });
  expect(result.descriptors.peak).toBeGreaterThan(800);
  expect(result.descriptors.after).toBeLessThanOrEqual(result.descriptors.before + 70);
  expect(result.slowReadersMiB).toBeLessThan(150);
  expect(result.heapMiB.after - result.heapMiB.before).toBeLessThan(40);
  expect(result.outcomes).toMatchObject({ 'ok: HTTP/1.1 200': 1000, 'die: HTTP/1.1 502': 250, 'silent: left': 250 });
}, 60_000);
