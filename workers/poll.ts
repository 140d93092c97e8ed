import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './processes.ts';
import type { PollAnswer, PollJob } from './protocol.ts';

/** Job: is this very process up? If gone, with what exit code or signal, where the launcher saw it. */
export default async function poll(job: PollJob): Promise<PollAnswer> {
  try {
    return isAlive(job.process) ? { state: 'up' } : { state: 'gone', ...(await awaitExit(job.runFile)) };
  } catch (error) {
    return { state: 'unknown', why: (error as NodeJS.ErrnoException).code ?? 'unreadable /proc' };
  }
}

/** The launcher notes the exit code just after the process is gone: a moment's grace, ms, in steps. */
const graceMs = 300;
const stepMs = 20;

async function awaitExit(runFile: string): Promise<ReturnType<typeof readExit>> {
  let exit = readExit(runFile);
  for (let waitedMs = 0; isUnknown(exit) && waitedMs < graceMs; waitedMs += stepMs) {
    await sleep(stepMs);
    exit = readExit(runFile);
  }
  return exit;
}

function isUnknown(exit: ReturnType<typeof readExit>): boolean {
  return exit.exitCode === null && exit.signal === null;
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
