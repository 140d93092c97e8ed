import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseRuntimeDir } from '../../src/servers/sockets.ts';

/** Environment variable with the temporary folder of a run of the tests; benchmarks have none. */
export const runFolderVariable = 'CYLC_GATEWAY_TEST_RUN';

const accountsIn = (folder: string): string => join(folder, 'accounts');
const dataDirsIn = (folder: string): string => join(folder, 'data-dirs');

/** Notes an account of the system that a test makes, so that the end of the run can look whether it was removed. */
export function noteAccount(name: string): void {
  note(accountsIn, name);
}

/** Notes the data folder of a gateway: its sockets are elsewhere, and the servers that outlive it are known by them. */
export function noteDataDir(dataDir: string): void {
  note(dataDirsIn, dataDir);
}

function note(listIn: (folder: string) => string, line: string): void {
  const folder = process.env[runFolderVariable];
  if (folder !== undefined) appendFileSync(listIn(folder), `${line}\n`);
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

/** Folders of the sockets of all gateways of the run. */
export function runtimeDirs(folder: string): string[] {
  const uid = process.getuid?.() ?? 0;
  return [...new Set(linesOf(dataDirsIn(folder)))].map((dataDir) =>
    chooseRuntimeDir({ configured: undefined, dataDir, uid }),
  );
}

/** Names of those that still exist. */
export function accountsLeft(folder: string): string[] {
  const lines = linesOf('/etc/passwd');
  return linesOf(accountsIn(folder)).filter((name) => lines.some((line) => line.startsWith(`${name}:`)));
}
