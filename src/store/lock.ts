import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { SetupError } from '../errors.ts';
import { runProgramSync } from '../processes/childProcess.ts';
import { findTool } from '../processes/systemTools.ts';
import { isAlive, parseHolder, thisProcess, type Holder } from './holder.ts';

export interface Lock {
  release(): void;
}

/**
 * Keeps a second gateway off the same data.
 *
 * The lock is the kernel's (flock(2)), so it ends with the process, whatever ends it. Node has no call for it, but
 * a lock belongs to the open file, which a child shares: `flock -n 3` (util-linux) locks ours and exits. On file
 * systems where the child's exit drops the lock (NFS turns it into a lock of the process), and on machines
 * without the command, the record in the file decides: pid, start time and boot id of a live process keep others out.
 * The file is never removed: that would let two processes lock two files of one name.
 *
 * @param flock Its path; null where there is none.
 * @throws SetupError if a live process holds it.
 */
export function takeLock(dataDir: string, clock: Clock, flock: string | null = findTool('flock') ?? null): Lock {
  const path = join(dataDir, 'gateway.lock');
  const fd = openSync(path, 'a+', 0o600);
  const before = parseHolder(readFileSync(path, 'utf8'));
  if (!mayTake(path, fd, before, flock)) {
    closeSync(fd);
    throw heldError(dataDir, before);
  }
  ftruncateSync(fd);
  writeSync(fd, `${JSON.stringify(thisProcess(clock.now()))}\n`);
  return {
    release() {
      ftruncateSync(fd);
      closeSync(fd);
    },
  };
}

function mayTake(path: string, fd: number, before: Holder | undefined, flock: string | null): boolean {
  const answer = tryFlock(fd, flock);
  if (answer === 'busy') return false;
  if (answer === 'locked' && lockIsKept(path, flock)) return true;
  if (before === undefined) return true;
  // Another host's process cannot be looked at from here.
  return before.host === hostname() && !isAlive(before);
}

function lockIsKept(path: string, flock: string | null): boolean {
  const second = openSync(path, 'a');
  try {
    return tryFlock(second, flock) === 'busy';
  } finally {
    closeSync(second);
  }
}

function tryFlock(fd: number, flock: string | null): 'locked' | 'busy' | 'unable' {
  if (flock === null) return 'unable';
  const status = runProgramSync([flock, '-n', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  if (status === 0) return 'locked';
  return status === 1 ? 'busy' : 'unable';
}

function heldError(dataDir: string, holder: Holder | undefined): SetupError {
  const who = holder === undefined ? '' : ` (process ${holder.pid} on ${holder.host}, since ${holder.since})`;
  return new SetupError(`Another gateway is using ${dataDir}${who}.`, {
    advice:
      holder !== undefined && holder.host !== hostname()
        ? `Stop it there first. If that machine is gone for good, remove ${join(dataDir, 'gateway.lock')}.`
        : 'Stop that one first, or give this one another folder (`dataDir`).',
    exitCode: 69,
  });
}
