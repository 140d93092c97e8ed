import { expect, test } from 'vitest';
import { cutOnce } from '../../helpers/storeCuts.ts';

/** `npm run bench -- storeCuts` does the same a thousand times and more. */
test.each([
  ['files are exchanged', true],
  ['files are renamed over, as on NFS', false],
])('the power cut at every step, where %s: the last acknowledged state or a later one', async (_, exchanges) => {
  let cuts = 0;
  for (let steps = 1; ; steps++) {
    const ends = await Promise.all([1, 2, 3].map((seed) => cutOnce(steps, steps * 100 + seed, exchanges)));
    if (ends.every((end) => end === 'done')) break;
    cuts += ends.length;
  }
  expect(cuts).toBeGreaterThan(60);
});
