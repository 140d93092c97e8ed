import { test } from 'vitest';
import { freshFolder } from '../helpers/storeFixture.ts';
import { writeAndKill } from '../helpers/storeKills.ts';

/** `npm run bench -- storeCuts` does it a thousand times. */
test('a writer killed with SIGKILL loses nothing that it acknowledged, and its lock is taken over', async () => {
  const dataDir = freshFolder();
  for (const count of [1, 7, 20, 33]) await writeAndKill(dataDir, count);
});
