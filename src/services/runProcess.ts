import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { becomeUser } from '../processes/becomeUser.ts';
import { spawnProgram } from '../processes/childProcess.ts';
import { toolPath } from '../processes/systemTools.ts';
import { keepServiceLog } from './serviceLog.ts';

/** What to run as whom. */
export interface ProcessPlan {
  command: readonly string[];
  /** The whole environment. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** stdout and stderr are appended here; that of the start before is kept beside it. */
  logFile: string;
  /** Whom to become; undefined for whom the gateway runs as. */
  user: { uid: number; gid: number } | undefined;
}

export interface Ending {
  exitCode: number | null;
  signal: string | null;
}

export interface RunningProcess {
  pid: number;
  ended: Promise<Ending>;
  /** SIGTERM, and after `graceMs` SIGKILL to its whole process group. Resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Runs a program that ends with the gateway, however that ends: the kernel sends it SIGTERM (prctl(2), PR_SET_PDEATHSIG,
 * by setpriv(1), which also takes up all groups of the user). Rejects where it cannot be run at all.
 */
export async function runProcess(plan: ProcessPlan): Promise<RunningProcess> {
  const child = spawnProgram(['/bin/sh', '-c', oneOutput, 'sh', ...commandOf(plan)], {
    keyring: plan.user,
    cwd: plan.cwd,
    env: { ...plan.env },
    stdio: ['ignore', 'pipe', 'ignore'],
    // A process group of its own: a Ctrl-C in the terminal of the gateway is not for it.
    detached: true,
  });
  const exited = new Promise<Ending>((resolve) =>
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal })),
  );
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const { pid, stdout } = child;
  if (pid === undefined || stdout === null) throw new Error('no process');
  const written = keepServiceLog(plan.logFile, stdout).catch(() => {});
  // Its last words are read first, unless something that it left behind goes on.
  const ended = exited.then(async (ending) => {
    await Promise.race([written, sleep(lastWordsMs, undefined, { ref: false })]);
    stdout.destroy();
    return ending;
  });
  return { pid, ended, stop: (graceMs) => stop(child, exited, graceMs) };
}

/** Errors stay between the lines that they belong to. */
const oneOutput = 'exec "$@" 2>&1';
/** So long its output may lag behind its end. */
const lastWordsMs = 5000;

function commandOf({ user, command }: ProcessPlan): string[] {
  const end = ['--pdeathsig', 'TERM'];
  return [...(user === undefined ? [toolPath('setpriv'), ...end, '--'] : becomeUser(user, end)), ...command];
}

async function stop(child: ChildProcess, ended: Promise<Ending>, graceMs: number): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
  // Helpers that it left behind. While there are any, no other process can have got its number.
  if (!existsSync(`/proc/${child.pid}`)) signalGroup(child.pid, 'SIGKILL');
}

function signalGroup(leader: number | undefined, signal: NodeJS.Signals): void {
  try {
    if (leader !== undefined) process.kill(-leader, signal);
  } catch {
    // Gone already.
  }
}
