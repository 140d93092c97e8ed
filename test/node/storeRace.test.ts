import { expect, test } from 'vitest';
import { raceEditor } from '../helpers/storeRace.ts';

/** `npm run bench -- storeRace` does it with 10,000 writes and 200 edits. */
test('the program writes while another process edits the same file: nothing of either is lost', async () => {
  const { lostWrites, lostEdits } = await raceEditor({ writes: 1000, edits: 30, thinkMs: 30 });
  expect({ lostWrites, lostEdits }).toEqual({ lostWrites: 0, lostEdits: 0 });
});
