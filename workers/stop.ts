import { isAlive, readStat } from './processes.ts';
import { askSudo } from './sudo.ts';
import type { StopJob, StopResult, Sudo } from './protocol.ts';

/**
 * Job: sends the signal to this very process, if it still is that one. SIGKILL goes to its process group, also when
 * the server itself is gone and children of it are left: while a group has members, no new process gets its number.
 */
export default async function stop(job: StopJob): Promise<StopResult> {
  try {
    return stopOwn(job);
  } catch (error) {
    if (job.sudo === undefined || (error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
    return stopBySudo(job, job.sudo);
  }
}

function stopOwn({ process: { pid, startTime }, process: which, how }: StopJob): StopResult {
  if (isAlive(which)) {
    if (how === 'term') return send(pid, 'SIGTERM');
    const group = send(-pid, 'SIGKILL');
    // Just launched, it may not lead its group yet.
    return group.signalled ? group : send(pid, 'SIGKILL');
  }
  const other = readStat(pid);
  const reused = other !== undefined && other.startTime !== startTime;
  return how === 'term' || reused ? { signalled: false } : send(-pid, 'SIGKILL');
}

function send(target: number, signal: NodeJS.Signals): StopResult {
  try {
    process.kill(target, signal);
    return { signalled: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return { signalled: false };
    throw error;
  }
}

/** Its answer for a process that is gone: `GONE` in workers/sudo/become.py. */
const gone = 3;

/** The helper looks itself whether it still is that process. */
async function stopBySudo({ process: { pid, startTime }, how }: StopJob, sudo: Sudo): Promise<StopResult> {
  const signal = how === 'term' ? 'SIGTERM' : 'SIGKILL';
  const { code, complaint } = await askSudo(sudo, { do: 'signal', pid, startTime, signal });
  if (code === 0 || code === gone) return { signalled: code === 0 };
  throw new Error(`sudo as ${sudo.name}: ${complaint}`);
}
