import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Environment variable with the temporary folder of a run of the tests; benchmarks have none. */
export const runFolderVariable = 'CYLC_GATEWAY_TEST_RUN';

const listIn = (folder: string): string => join(folder, 'accounts');

/** Notes an account of the system that a test makes, so that the end of the run can look whether it was removed. */
export function noteAccount(name: string): void {
  const folder = process.env[runFolderVariable];
  if (folder !== undefined) appendFileSync(listIn(folder), `${name}\n`);
}

/** Names of those that still exist. */
export function accountsLeft(folder: string): string[] {
  if (!existsSync(listIn(folder))) return [];
  const made = readFileSync(listIn(folder), 'utf8').split('\n').filter(Boolean);
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return made.filter((name) => lines.some((line) => line.startsWith(`${name}:`)));
}
