import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who holds the lock. A pid alone is reused, so the kernel's start time and boot id go with it. */
export interface Holder {
  pid: number;
  /** Field 22 of /proc/<pid>/stat (proc(5)); empty where there is no /proc. */
  startTime: string;
  bootId: string;
  host: string;
  /** ISO time. */
  since: string;
}

export function thisProcess(nowMs: number): Holder {
  return {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
    bootId: bootId(),
    host: hostname(),
    since: new Date(nowMs).toISOString(),
  };
}

export function isAlive(holder: Holder): boolean {
  if (holder.bootId !== '' && holder.bootId !== bootId()) return false;
  const started = startTimeOf(holder.pid);
  if (started !== undefined) return started === holder.startTime;
  return holder.startTime === '' && respondsToSignal(holder.pid);
}

export function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder>;
    return typeof value.pid === 'number' && typeof value.host === 'string' ? (value as Holder) : undefined;
  } catch {
    return undefined;
  }
}

function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name may hold spaces and brackets: count the fields after its last bracket.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function respondsToSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
