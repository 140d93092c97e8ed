import { becomeUid } from '../src/processes/becomeUser.ts';
import { runProgramSync } from '../src/processes/childProcess.ts';
import { isAlive, readOwner, readStat } from './processes.ts';
import { askSudo } from './sudo.ts';
import type { StopJob, StopResult, Sudo } from './protocol.ts';

/**
 * Job: sends the signal to this very process, if it still is that one. SIGKILL goes to its process group, also when
 * the server itself is gone and children of it are left: while a group has members, no new process gets its number.
 *
 * The signal is sent as the account: whatever its notes say, the kernel lets it reach processes of that account alone.
 */
export default async function stop(job: StopJob): Promise<StopResult> {
  return job.sudo === undefined ? stopOurselves(job) : stopBySudo(job, job.sudo);
}

function stopOurselves({ process: { pid, startTime, uid: known }, process: which, how }: StopJob): StopResult {
  const alive = isAlive(which);
  const uid = known ?? (alive ? readOwner(pid) : undefined);
  // Of what is left behind by a process that nobody knows the owner of, nothing can be told.
  if (uid === undefined) return { signalled: false };
  if (alive) {
    if (how === 'term') return send(pid, 'TERM', uid);
    const group = send(-pid, 'KILL', uid);
    // Just launched, it may not lead its group yet.
    return group.signalled ? group : send(pid, 'KILL', uid);
  }
  const other = readStat(pid);
  const reused = other !== undefined && other.startTime !== startTime;
  return how === 'term' || reused ? { signalled: false } : send(-pid, 'KILL', uid);
}

function send(target: number, signal: 'TERM' | 'KILL', uid: number): StopResult {
  // Nothing that it starts is itself.
  if (Math.abs(target) === process.pid) return { signalled: false };
  if (process.geteuid?.() === 0 && uid !== 0) return { signalled: sendAs(uid, target, signal) };
  try {
    process.kill(target, `SIG${signal}`);
    return { signalled: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return { signalled: false };
    throw error;
  }
}

/** Milliseconds; it only makes two calls of the system. */
const sendTimeoutMs = 10_000;

/** False also where there is no such process of that user. */
function sendAs(uid: number, target: number, signal: 'TERM' | 'KILL'): boolean {
  const kill = ['/bin/sh', '-c', 'kill -s "$1" -- "$2"', 'kill', signal, String(target)];
  const options = { env: {}, cwd: '/', stdio: 'ignore', timeout: sendTimeoutMs } as const;
  return runProgramSync([...becomeUid(uid), ...kill], options) === 0;
}

/** Its answer for a process that is gone: `GONE` in workers/sudo/become.py. */
const gone = 3;

/** The helper looks itself whether it still is that process; the note of its number is the account's own. */
async function stopBySudo({ process: { pid, startTime }, how }: StopJob, sudo: Sudo): Promise<StopResult> {
  const signal = how === 'term' ? 'SIGTERM' : 'SIGKILL';
  const { code, complaint } = await askSudo(sudo, { do: 'signal', pid, startTime, signal });
  if (code === 0 || code === gone) return { signalled: code === 0 };
  throw new Error(`sudo as ${sudo.name}: ${complaint}`);
}
