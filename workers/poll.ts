import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { isAlive } from './processes.ts';
import type { PollAnswer, PollJob } from './protocol.ts';

/** Job: is this very process up? If gone, with what exit code or signal, where the launcher saw it. */
export default function poll(job: PollJob): PollAnswer {
  try {
    return isAlive(job.process) ? { state: 'up' } : { state: 'gone', ...readExit(job.runFile) };
  } catch (error) {
    return { state: 'unknown', why: (error as NodeJS.ErrnoException).code ?? 'unreadable /proc' };
  }
}

/** A shell tells a death by signal as 128 + its number (POSIX, Shell Command Language 2.8.2). */
export function readExit(runFile: string): { exitCode: number | null; signal: string | null } {
  let code: number;
  try {
    code = Number.parseInt(readFileSync(`${runFile}.exit`, 'latin1'), 10);
  } catch {
    return { exitCode: null, signal: null };
  }
  if (Number.isNaN(code)) return { exitCode: null, signal: null };
  const signal = Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  return signal === undefined ? { exitCode: code, signal: null } : { exitCode: null, signal };
}
