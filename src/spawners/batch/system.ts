import type { SpawnPlan } from '../types.ts';
import type { RunOptions } from '../runAs.ts';

export type User = RunOptions['user'];

/** What a batch system says of one job. */
export type JobLook =
  | { state: 'pending'; detail: string }
  | { state: 'up'; detail?: string }
  | {
      state: 'gone';
      exitCode: number | null;
      signal: string | null;
      detail?: string;
      /** The system ended it (cancelled, time limit, node lost): the exit code of the server is not the reason then. */
      ended: boolean;
    }
  /** It knows no such job, or no more. */
  | { state: 'none'; exitCode?: number | null; signal?: string | null }
  /** The question failed, which proves nothing. */
  | { state: 'unknown'; why: string };

/** `doubtful`: it may have been submitted all the same. */
export type Submitted = { jobId: string } | { refused: string; doubtful: boolean };

/** A batch system, by its commands. */
export interface BatchSystem {
  /** Name of the spawner. */
  readonly kind: string;
  /** What people call it. */
  readonly title: string;
  /** Lines at the head of the job script that are for the system. */
  readonly directives: readonly string[];
  /** The script goes to its standard input. */
  submit(job: { plan: SpawnPlan; startId: string; script: string }): Promise<Submitted>;
  look(jobId: string, user: User): Promise<JobLook>;
  /** The job of a start whose id is not known; `none` also where the system cannot be asked by name. */
  findJob(startId: string, user: User): Promise<{ jobId: string } | 'none' | { unknown: string }>;
  /** Returns why it failed, or undefined. A job that is gone already is no failure. */
  cancel(job: { jobId: string; startId: string; how: 'term' | 'kill'; user: User }): Promise<string | undefined>;
  /** What it was asked before is no longer true. */
  changed(): void;
  forget(jobId: string): void;
}
