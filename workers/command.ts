import type { ChildProcess } from 'node:child_process';
import { becomeUser } from '../src/processes/becomeUser.ts';
import { spawnProgram } from '../src/processes/childProcess.ts';
import { findProgram } from '../src/processes/systemTools.ts';
import { sudoCommand, sudoEnvironment } from './launcher.ts';
import type { CommandJob, CommandResult } from './protocol.ts';

/** More than any answer of a batch system's commands that we read. */
const usualOutputBytes = 4 * 1024 * 1024;

/** A command that hangs in the system (NFS) cannot be ended: no account may pile them up. */
const mostUnended = 2;
const unended = new Map<string, number>();

/**
 * Job: runs a short command, as a user, and returns what it said. Resolves at its end or its deadline, whichever comes
 * first: one that cannot be ended holds up nobody. Rejects never.
 */
export default function command(job: CommandJob): Promise<CommandResult> {
  const who = ownerOf(job);
  const hanging = who === undefined ? 0 : (unended.get(who) ?? 0);
  if (hanging >= mostUnended)
    return Promise.resolve(resultOf(null, null, { fault: 'earlier commands of this account hang' }));
  const program = findProgram(job.command[0] ?? '', (job.env['PATH'] ?? '').split(':'));
  if (program === undefined) return Promise.resolve(resultOf(null, null, { fault: `${job.command[0]} is not there` }));
  return run({ ...job, command: [program, ...job.command.slice(1)] }, who);
}

function run(job: CommandJob, who: string | undefined): Promise<CommandResult> {
  const child = launch(job);
  return new Promise((resolve) => {
    const said = { stdout: '', stderr: '' };
    const finish = (code: number | null, signal: string | null, fault: string | null): void => {
      clearTimeout(timer);
      resolve(resultOf(code, signal, { ...said, fault }));
    };
    const end = (fault: string): void => {
      child.stdout?.destroy();
      child.stderr?.destroy();
      // Once it is reaped, its number may be another's.
      if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
        killGroup(child.pid);
        countUnended(child, who);
      }
      finish(null, null, fault);
    };
    const timer = setTimeout(() => end(`no answer in ${job.timeoutMs / 1000} s`), job.timeoutMs);
    const most = job.maxOutputBytes ?? usualOutputBytes;
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.setEncoding(job.encoding ?? 'utf8').on('data', (text: string) => {
        said[name] += text.slice(0, most - said[name].length);
        if (said[name].length >= most) end('it says too much');
      });
    child.stdin?.on('error', () => {});
    child.stdin?.end(inputOf(job));
    child.on('error', (error) => end((error as NodeJS.ErrnoException).code ?? error.message));
    child.on('close', (code, signal) => finish(code, signal, null));
  });
}

function launch(job: CommandJob): ChildProcess {
  return spawnProgram(commandOf(job), {
    keyring: job.sudo === undefined ? job.user : 'gateway',
    env: job.sudo === undefined ? job.env : sudoEnvironment,
    cwd: '/',
    // A group of its own: what hangs is ended with all that it has started.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function resultOf(code: number | null, signal: string | null, said: Partial<CommandResult>): CommandResult {
  return { code, signal, stdout: '', stderr: '', fault: null, ...said };
}

/** The limit of the time goes along: sudo's processes are root's, and so not ours to end. */
function inputOf({ command: own, env, input = '', sudo, timeoutMs }: CommandJob): string {
  if (sudo === undefined) return input;
  const timeoutS = Math.ceil(timeoutMs / 1000);
  return JSON.stringify({ do: 'command', command: own, env, cwd: '/', input, timeoutS });
}

function commandOf({ command: own, user, sudo }: CommandJob): readonly string[] {
  if (sudo !== undefined) return sudoCommand(sudo);
  return user === undefined ? own : [...becomeUser(user), ...own];
}

function ownerOf({ user, sudo }: CommandJob): string | undefined {
  return sudo?.name ?? (user === undefined ? undefined : String(user.uid));
}

function countUnended(child: ChildProcess, who: string | undefined): void {
  if (who === undefined) return;
  unended.set(who, (unended.get(who) ?? 0) + 1);
  child.once('exit', () => {
    const left = (unended.get(who) ?? 1) - 1;
    if (left > 0) unended.set(who, left);
    else unended.delete(who);
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
