import { logName } from '../batch/jobScript.ts';
import { complaint } from '../runAs.ts';
import type { RunAs } from '../runAs.ts';
import { signalName } from '../batch/exits.ts';
import type { BatchSystem, JobLook, User } from '../batch/system.ts';
import type { SpawnPlan } from '../types.ts';
import { readState } from './jobState.ts';
import type { SlurmJob } from './jobState.ts';
import { createSlurmQueue } from './queue.ts';

export interface SlurmOptions {
  run: RunAs;
  /** Path of one of Slurm's commands. */
  tool: (name: string) => string;
  /** Further arguments of sbatch, for every job. */
  submit: readonly string[];
  maxAgeMs: number;
  now: () => number;
}

/** How long a job may be COMPLETING before it counts as gone: by then its final state is known, or its node hangs. */
const completingMs = 8000;

/** Slurm, by sbatch, squeue (one call for all jobs) and scancel. */
export function createSlurmSystem({ run, tool, submit, maxAgeMs, now }: SlurmOptions): BatchSystem {
  const queue = createSlurmQueue({ run, tool, maxAgeMs, now });
  const completing = new Map<string, number>();

  function stillCompleting({ id, state }: SlurmJob): boolean {
    if (state !== 'COMPLETING') return false;
    const since = completing.get(id) ?? now();
    completing.set(id, since);
    return now() - since < completingMs;
  }

  async function look(jobId: string, user: User): Promise<JobLook> {
    const job = await queue.look(jobId, user);
    if (job === 'none') return { state: 'none', ...(await exitOf(jobId)) };
    if ('unknown' in job) return { state: 'unknown', why: job.unknown };
    const state = stillCompleting(job) ? ({ state: 'up' } as const) : readState(job);
    if (state.state !== 'gone') return state;
    const ended = job.state !== 'COMPLETED' && job.state !== 'FAILED';
    return { ...state, ended, ...(ended ? undefined : await exitOf(jobId)) };
  }

  async function exitOf(jobId: string): Promise<{ exitCode: number | null; signal: string | null } | undefined> {
    const exit = await queue.exitOf(jobId);
    return exit && { exitCode: exit.exitCode, signal: exit.signal === null ? null : signalName(exit.signal) };
  }

  return {
    kind: 'slurm',
    title: 'Slurm',
    directives: [],
    async submit({ plan, startId, script }) {
      const command = [tool('sbatch'), ...submitArguments(plan, startId, submit)];
      const result = await run(command, { user: plan.account, input: script });
      const jobId = result.fault === null && result.code === 0 ? parseJobId(result.stdout) : undefined;
      if (jobId !== undefined) return { jobId };
      // Ended for hanging, it may have submitted all the same.
      return { refused: plain(complaint(result)), doubtful: result.fault !== null };
    },
    look,
    async findJob(startId, user) {
      const job = await queue.byName(jobName(startId), user);
      return job === 'none' || 'unknown' in job ? job : { jobId: job.id };
    },
    async cancel({ jobId, startId, how, user }) {
      const which = jobId === '' ? `--name=${jobName(startId)}` : jobId;
      if (how === 'kill') await run([tool('scancel'), '--signal=KILL', '--full', which], { user });
      const result = await run([tool('scancel'), which], { user });
      if (result.fault === null && (result.code === 0 || /Invalid job id/i.test(result.stderr))) return undefined;
      return complaint(result);
    },
    changed: () => queue.forget(),
    forget: (jobId) => void completing.delete(jobId),
  };
}

/** By it a job is found whose submission was cut off. */
function jobName(startId: string): string {
  return `cylc-ui-${startId}`;
}

function submitArguments(plan: SpawnPlan, startId: string, always: readonly string[]): string[] {
  return [
    '--parsable',
    // A server that is put back into the queue would come back unasked.
    '--no-requeue',
    `--job-name=${jobName(startId)}`,
    `--comment=Cylc UI server ${plan.key.name || '(default)'}; its log: ~/.cylc/gateway/${logName(plan)}`,
    `--chdir=${plan.cwd}`,
    '--output=/dev/null',
    ...always,
    ...(plan.submit ?? []),
  ];
}

/** Site plugins may print more; the id is on a line of its own, with the cluster's name behind it or not. */
function parseJobId(text: string): string | undefined {
  return text
    .split('\n')
    .map((line) => /^(\d+)(;\S*)?$/.exec(line.trim())?.[1])
    .findLast((id) => id !== undefined);
}

function plain(why: string): string {
  return why.replaceAll(/sbatch: (error: )?/g, '').replace(/Batch job submission failed: /, '');
}
