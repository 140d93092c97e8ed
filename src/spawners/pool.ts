import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import type {
  PollAnswer,
  PollJob,
  ProcessIdentity,
  RecoverJob,
  StartJob,
  StartResult,
  StopJob,
  StopResult,
} from '../../workers/protocol.ts';

/** The jobs that touch processes, each a file of `workers/`. */
interface Jobs {
  start: (job: StartJob) => StartResult;
  poll: (job: PollJob) => PollAnswer;
  stop: (job: StopJob) => StopResult;
  recover: (job: RecoverJob) => ProcessIdentity | undefined;
}

export interface JobPool {
  run<Name extends keyof Jobs>(name: Name, job: Parameters<Jobs[Name]>[0]): Promise<ReturnType<Jobs[Name]>>;
  close(): Promise<void>;
}

/**
 * Threads for starts, polls and stops, so that a burst of starts does not stall the main loop. Their number is fixed
 * and they wait in their event loop: piscina's default (`atomics: 'sync'`) parks idle threads, and a recycled one
 * leaves what it launched a zombie.
 */
export function createJobPool(options: { threads?: number } = {}): JobPool {
  const threads = options.threads ?? 2;
  const pool = new Piscina({
    minThreads: threads,
    maxThreads: threads,
    idleTimeout: Infinity,
    atomics: 'disabled',
    concurrentTasksPerWorker: 4,
    execArgv: [],
  });
  return {
    run: (name, job) => pool.run(job, { filename: workerFile(name) }) as Promise<never>,
    close: () => pool.destroy(),
  };
}

/** `.ts` when run from source (Node strips the types), `.js` from `dist`. */
export function workerFile(name: string): string {
  return fileURLToPath(new URL(`../../workers/${name}${extname(import.meta.url)}`, import.meta.url));
}
