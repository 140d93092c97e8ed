import { readFileSync, writeFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { spawnProgram } from '../src/processes/childProcess.ts';
import { giveUp } from './claims.ts';
import { launchCommand, sudoEnvironment } from './launcher.ts';
import { parseStat, readBootId } from './processes.ts';
import type { ProcessIdentity, StartJob, StartResult } from './protocol.ts';

/** Job: launches one server, detached from this thread and from the gateway, and returns its identity. */
export default async function start(job: StartJob): Promise<StartResult> {
  const launch = launchCommand(job);
  if (!launch.ok)
    return {
      ok: false,
      reason: 'tools',
      detail: `the program ${launch.missing} is missing (Debian: util-linux, coreutils)`,
    };
  if (job.sudo !== undefined) writeSudoPlan(job);
  const answer = await run(launch.command, job);
  if (answer === 'up') return { ok: true, process: { ...readProcess(job.runFile), ...ownerOf(job) } };
  if (answer !== 'cancelled' && !isNoted(job.runFile)) tryTo(() => giveUp(job.runFile));
  return answer === 'cancelled'
    ? { ok: false, reason: 'cancelled', detail: 'the start was given up before' }
    : { ok: false, reason: 'launcher', detail: answer };
}

/** By sudo the account itself has written the note: it says nothing of whose process that is. */
function ownerOf({ user, sudo }: StartJob): Pick<ProcessIdentity, 'uid'> {
  return sudo === undefined ? { uid: user?.uid ?? process.geteuid?.() } : {};
}

/** Runs the launcher until it says a line on descriptor 3 (`up`, `cancelled`) or ends without; rejects never. */
function run(command: readonly string[], { env, runFile, sudo, user }: StartJob): Promise<string> {
  return new Promise((resolve) => {
    const child = spawnProgram(command, {
      keyring: sudo === undefined ? user : 'gateway',
      env: sudo === undefined ? env : sudoEnvironment,
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const pipe = child.stdio[3] as Readable;
    let said = '';
    pipe.setEncoding('latin1');
    pipe.on('data', (text: string) => {
      said += text;
      if (said.includes('\n')) pipe.destroy();
    });
    pipe.on('error', () => pipe.destroy());
    // By sudo no descriptor but the first three gets through: there the note itself is waited for.
    const look = sudo === undefined ? undefined : setInterval(() => isNoted(runFile) && pipe.destroy(), noteLookMs);
    pipe.on('close', () => {
      clearInterval(look);
      const noted = sudo !== undefined && isNoted(runFile) ? 'up' : '';
      resolve(said.trim() || noted || 'the launcher ended before it started the server');
    });
    child.on('error', (error) => {
      pipe.destroy();
      resolve(`the launcher could not be run: ${(error as NodeJS.ErrnoException).code ?? error.message}`);
    });
  });
}

/** From the launcher's note, not from /proc: the server may be gone by now. */
export function readProcess(runFile: string): ProcessIdentity {
  const { pid, startTime } = parseStat(readFileSync(`${runFile}.pid`, 'latin1'));
  return { pid, startTime, bootId: readBootId() };
}

const noteLookMs = 20;

function isNoted(runFile: string): boolean {
  try {
    readProcess(runFile);
    return true;
  } catch {
    return false;
  }
}

/** What the helper reads: open for it and removed by the launcher before it runs. */
function writeSudoPlan({ command, env, cwd, logFile, umask, limits = {}, runFile }: StartJob): void {
  const plan = { do: 'start', command, env, cwd, logFile, umask, limits };
  writeFileSync(`${runFile}.plan`, JSON.stringify(plan), { mode: 0o600, flag: 'wx' });
}

/** On a full disk it cannot be noted: then whoever looks for the process waits a while. */
function tryTo(work: () => void): void {
  try {
    work();
  } catch {
    // see above
  }
}
