import { isAlive, readStat } from './processes.ts';
import type { StopJob, StopResult } from './protocol.ts';

/**
 * Job: sends the signal to this very process, if it still is that one. SIGKILL goes to its process group, also when
 * the server itself is gone and children of it are left: while a group has members, no new process gets its number.
 */
export default function stop(job: StopJob): StopResult {
  const { pid } = job.process;
  if (isAlive(job.process)) {
    if (job.how === 'term') return send(pid, 'SIGTERM');
    const group = send(-pid, 'SIGKILL');
    // Just launched, it may not lead its group yet.
    return group.signalled ? group : send(pid, 'SIGKILL');
  }
  const other = readStat(pid);
  const reused = other !== undefined && other.startTime !== job.process.startTime;
  return job.how === 'term' || reused ? { signalled: false } : send(-pid, 'SIGKILL');
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
