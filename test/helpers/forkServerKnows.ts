import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.ts';

/** Until the first fork server of this data folder has found out what to import: from then on starts wait for it. */
export async function forkServerKnows(dataDir: string): Promise<void> {
  const folder = join(dataDir, 'forkserver');
  await until(() => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.json')), 60_000);
}
