import { execFile, spawn, spawnSync } from 'node:child_process';
import type {
  ChildProcess,
  ExecFileException,
  ExecFileOptionsWithStringEncoding,
  SpawnOptions,
  SpawnSyncOptions,
} from 'node:child_process';
import { isAbsolute } from 'node:path';
import { keepDescriptorsFromChildren } from './descriptors.ts';
import { inNewSessionKeyring } from './sessionKeyring.ts';
import type { KeyringOwner } from './sessionKeyring.ts';

/**
 * The one place that starts processes. Programs are named by absolute paths only: a bare name would be looked up on a
 * `PATH`, and who owns a folder there would be whoever starts it, root included.
 */

/** Like `spawn` of node:child_process. `keyring`: for a process that becomes another user; see `startApart`. */
export function spawnProgram(
  [program = '', ...args]: readonly string[],
  { keyring, ...options }: SpawnOptions & { keyring?: KeyringOwner | undefined } = {},
): ChildProcess {
  requireAbsolute(program);
  const start = (): ChildProcess => spawn(program, args, options);
  return keyring === undefined ? start() : startApart(keyring, start);
}

/** Its exit code, or null where it could not be run or was ended by a signal. */
export function runProgramSync([program = '', ...args]: readonly string[], options: SpawnSyncOptions): number | null {
  requireAbsolute(program);
  return spawnSync(program, args, options).status;
}

export interface ProgramOutput {
  stdout: string;
  stderr: string;
}

/**
 * Runs a program to its end. Rejects as `execFile` of node:child_process does: `code`, `stdout`, `stderr`, `killed`.
 * `keyring` as for `spawnProgram`.
 */
export function runProgram(
  [program = '', ...args]: readonly string[],
  {
    keyring,
    ...options
  }: Omit<ExecFileOptionsWithStringEncoding, 'encoding' | 'shell'> & { keyring?: KeyringOwner } = {},
): Promise<ProgramOutput> {
  return new Promise((resolve, reject) => {
    requireAbsolute(program);
    const done = (error: ExecFileException | null, stdout: string, stderr: string): void =>
      error === null ? resolve({ stdout, stderr }) : reject(Object.assign(error, { stdout, stderr }));
    const start = (): ChildProcess => execFile(program, args, { ...options, encoding: 'utf8' }, done);
    if (keyring === undefined) start();
    else startApart(keyring, start);
  });
}

/** Starts a process of somebody else: of what this process holds it gets what is meant for it. */
function startApart<Started>(owner: KeyringOwner, start: () => Started): Started {
  keepDescriptorsFromChildren();
  return inNewSessionKeyring(owner, start);
}

function requireAbsolute(program: string): void {
  if (!isAbsolute(program)) throw new TypeError(`not an absolute path of a program: ${program}`);
}
