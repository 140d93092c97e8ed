import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from './protocol.ts';

/** What /proc/<pid>/stat says (proc(5)); undefined if there is no such process. Other errors throw. */
export function readStat(pid: number): { state: string; startTime: string; group: number } | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/**
 * Real user of a process; undefined if there is none. From its status: the files of a process that may not be looked into
 * (prctl(2), PR_SET_DUMPABLE) are root's, whoever it belongs to.
 */
export function readOwner(pid: number): number | undefined {
  try {
    const uid = /^Uid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return uid === undefined ? undefined : Number(uid);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}

/** The command name stands in brackets and may hold blanks and brackets itself: count from the last one. */
export function parseStat(text: string): {
  pid: number;
  state: string;
  startTime: string;
  group: number;
  session: number;
} {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startTime] = [fields[0], fields[19]];
  if (state === undefined || startTime === undefined) throw new Error('not a line of /proc/<pid>/stat');
  const [group, session] = [Number(fields[2]), Number(fields[3])];
  return { pid: Number.parseInt(text, 10), state, startTime: startTime.trim(), group, session };
}

export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** Whether this very process runs: same boot, same start time, and not a zombie. */
export function isAlive(process: ProcessIdentity): boolean {
  if (process.bootId !== readBootId()) return false;
  const stat = readStat(process.pid);
  return stat !== undefined && stat.startTime === process.startTime && stat.state !== 'Z' && stat.state !== 'X';
}
