import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../../dist/src/main.js');

/** Ends the servers that a gateway which has ended left running in this data folder, as an admin would. */
export function endServers(dataDir: string): void {
  const command = [main, 'servers', 'stop', '--all', '--data', dataDir];
  execFileSync(process.execPath, command, { cwd: dataDir, stdio: 'ignore', timeout: 60_000 });
}
