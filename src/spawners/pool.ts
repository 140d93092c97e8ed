import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { readBootId, readStat } from '../../workers/processes.ts';
import type {
  PamAnswer,
  PamJob,
  CommandJob,
  CommandResult,
  PollAnswer,
  PollJob,
  ProcessIdentity,
  RecoverJob,
  StartJob,
  StartResult,
  StopJob,
  StopResult,
  StrayProcess,
  StraysJob,
  TrustJob,
} from '../../workers/protocol.ts';

/** The jobs: those of `workers/jobs.ts`, and `pam`, which has threads of its own. */
interface Jobs {
  start: (job: StartJob) => StartResult;
  poll: (job: PollJob) => PollAnswer;
  stop: (job: StopJob) => StopResult;
  command: (job: CommandJob) => CommandResult;
  strays: (job: StraysJob) => StrayProcess[];
  trust: (job: TrustJob) => string | undefined;
  recover: (job: RecoverJob) => ProcessIdentity | undefined;
  pam: (job: PamJob) => PamAnswer;
}

export interface JobPool {
  /** `signal` gives a job up: it rejects at once, and the thread is replaced. */
  run<Name extends keyof Jobs>(
    name: Name,
    job: Parameters<Jobs[Name]>[0],
    options?: { signal?: AbortSignal },
  ): Promise<ReturnType<Jobs[Name]>>;
  /** Whether a thread does a job (the look for our own process) within so many ms. */
  answers(withinMs: number): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Piscina tries `require` first. Node 24 can do that with modules, but a thread that is ended in the middle of it ends the
 * whole process (`ModuleWrap::CreateRequiredModuleFacade`, seen at a shutdown during a start); `import` can be cut.
 */
const execArgv = ['--no-experimental-require-module'];

/**
 * Threads for starts, polls and stops, so that a burst of starts does not stall the main loop. Each takes 10 MiB, so all
 * but the first are made when there is work for them; none is ever given up, and they wait in their event loop:
 * piscina's default (`atomics: 'sync'`) parks idle threads, and a recycled one leaves what it launched a zombie.
 */
export function createJobPool(
  options: { threads?: number; tasksPerThread?: number; jobs?: 'servers' | 'pam' } = {},
): JobPool {
  const forPam = options.jobs === 'pam';
  const pool = new Piscina({
    filename: workerFile(forPam ? 'pam' : 'jobs'),
    name: forPam ? 'default' : 'poll',
    minThreads: 1,
    maxThreads: options.threads ?? 2,
    idleTimeout: Infinity,
    atomics: 'disabled',
    concurrentTasksPerWorker: options.tasksPerThread ?? 4,
    execArgv,
  });
  const run: JobPool['run'] = (name, job, { signal } = {}) =>
    pool.run(job, { name: forPam ? 'default' : name, ...(signal === undefined ? {} : { signal }) }) as Promise<never>;
  return {
    run,
    async answers(withinMs) {
      const own = { pid: process.pid, startTime: readStat(process.pid)?.startTime ?? '', bootId: readBootId() };
      const answer = await run('poll', { process: own, runFile: '' }, { signal: AbortSignal.timeout(withinMs) });
      return answer.state === 'up';
    },
    close: () => pool.destroy(),
  };
}

/** `.ts` when run from source (Node strips the types), `.js` from `dist`. */
export function workerFile(name: string): string {
  return fileURLToPath(new URL(`../../workers/${name}${extname(import.meta.url)}`, import.meta.url));
}
