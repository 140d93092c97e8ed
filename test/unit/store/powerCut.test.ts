import { expect, test } from 'vitest';
import { cutOnce } from '../../helpers/storeCuts.ts';

/** `npm run bench -- storeCuts` does the same a thousand times and more. */
test.each([
  { which: 'admin.json', how: 'files are exchanged', exchanges: true },
  { which: 'admin.json', how: 'files are renamed over, as on NFS', exchanges: false },
  { which: 'state.json', how: 'files are exchanged', exchanges: true },
  { which: 'state.json', how: 'files are renamed over, as on NFS', exchanges: false },
] as const)('$which, where $how: the last acknowledged state or a later one', async ({ which, exchanges }) => {
  let cuts = 0;
  for (let steps = 1; ; steps++) {
    const ends = await Promise.all(
      [1, 2, 3].map((seed) => cutOnce({ steps, seed: steps * 100 + seed, exchanges, which })),
    );
    if (ends.every((end) => end === 'done')) break;
    cuts += ends.length;
  }
  expect(cuts).toBeGreaterThan(60);
});
