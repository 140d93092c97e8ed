import { constants } from 'node:os';
import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Authority } from '../batch/authority.ts';
import { startIdOf } from '../batch/desk.ts';
import type { Desk } from '../batch/desk.ts';
import { jobScript, logName } from '../batch/jobScript.ts';
import type { NodePlaces } from '../batch/jobScript.ts';
import { complaint } from '../batch/runAs.ts';
import type { RunAs, RunOptions } from '../batch/runAs.ts';
import type { JobHandle, PollResult, Spawner, SpawnHandle, SpawnPlan } from '../types.ts';
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
  authority: Authority;
  desk: Desk;
  places: () => NodePlaces;
  userOf: (name: string) => Promise<RunOptions['user']>;
  clock: Clock;
  log: Logger;
}

/** How long a job may be COMPLETING before it counts as gone: by then its final state is known, or its node hangs. */
const completingMs = 8000;

/**
 * Runs a server as a batch job of its account, on a node of Slurm's choice. Its job script carries a relay
 * (workers/relay), which joins it to the gateway; the queue is asked by squeue, one call for all jobs.
 */
export function createSlurmSpawner(options: SlurmOptions): Spawner {
  const { run, tool, authority, desk, places, userOf, clock, log } = options;
  const queue = createSlurmQueue({ run, tool, maxAgeMs: options.maxAgeMs, now: () => clock.now() });
  const completing = new Map<string, number>();

  async function start(plan: SpawnPlan, report: (message: string) => void): Promise<SpawnHandle> {
    const startId = startIdOf(plan.runFile);
    const { key, account, logFile, runFile } = plan;
    desk.expect(startId, { key, logFile });
    report('Handing the job to Slurm.');
    const script = jobScript({ plan, authority, pair: authority.issue(startId), places: places() });
    const command = [tool('sbatch'), ...submitArguments(plan, startId, options.submit)];
    const result = await run(command, { user: account, input: script });
    queue.forget();
    const jobId = result.fault === null && result.code === 0 ? parseJobId(result.stdout) : undefined;
    const found = jobId ?? (result.fault === null ? undefined : await findLate(startId, account));
    if (found !== undefined) return { kind: 'job', jobId: found, runFile, owner: key.owner, server: key.name, logFile };
    desk.giveUp(startId);
    log.warn({ result: { ...result, stdout: result.stdout.slice(0, 500) } }, 'sbatch failed');
    throw refused(complaint(result));
  }

  /** sbatch was ended for hanging: it may have submitted all the same. */
  async function findLate(startId: string, user: RunOptions['user']): Promise<string | undefined> {
    const job = await queue.byName(jobName(startId), user);
    return typeof job === 'object' && 'id' in job ? job.id : undefined;
  }

  function listen(handle: JobHandle): string | undefined {
    if (handle.runFile === undefined || handle.owner === undefined) return undefined;
    const startId = startIdOf(handle.runFile);
    const key = { owner: handle.owner, name: handle.server ?? '' };
    if (desk.keyOf(startId) === undefined) desk.expect(startId, { key, logFile: handle.logFile ?? null });
    return startId;
  }

  async function poll(handle: JobHandle): Promise<PollResult> {
    const startId = listen(handle);
    const heard = startId === undefined ? undefined : desk.heard(startId);
    if (heard?.exitCode !== undefined) queue.forget();
    const user = handle.owner === undefined ? undefined : await userOf(handle.owner);
    const job = await (handle.jobId === '' && startId !== undefined
      ? queue.byName(jobName(startId), user)
      : queue.look(handle.jobId, user));
    if (typeof job === 'object' && 'unknown' in job) return heardAlone(heard, job.unknown, clock.now());
    if (job === 'none' && heard?.exitCode === undefined && isFresh(heard, clock.now()))
      return { state: 'unknown', why: 'Slurm does not know its job, but it still reports' };
    if (job === 'none') return ended(handle, heard?.exitCode, undefined);
    const state = job.state === 'COMPLETING' && stillCompleting(job.id) ? ({ state: 'up' } as const) : readState(job);
    if (state.state === 'gone') return ended(handle, heard?.exitCode, job);
    return state.state === 'up' && heard !== undefined ? { ...state, upstream: heard.upstream } : state;
  }

  function stillCompleting(id: string): boolean {
    const since = completing.get(id) ?? clock.now();
    completing.set(id, since);
    return clock.now() - since < completingMs;
  }

  async function ended(
    handle: JobHandle,
    heardExit: number | undefined,
    job: SlurmJob | undefined,
  ): Promise<Extract<PollResult, { state: 'gone' }>> {
    const told = job === undefined ? undefined : readState(job);
    const plain = job === undefined || job.state === 'COMPLETED' || job.state === 'FAILED';
    const known = plain ? await queue.exitOf(handle.jobId) : undefined;
    const detail = told?.state === 'gone' ? told.detail : `Slurm does not know its job ${handle.jobId} any more`;
    if (plain && heardExit !== undefined) return withExit(heardExit, detail);
    if (known?.signal != null)
      return { state: 'gone', exitCode: null, signal: signalName(known.signal), ...(detail && { detail }) };
    return { state: 'gone', exitCode: known?.exitCode ?? null, signal: null, ...(detail && { detail }) };
  }

  async function stop(handle: JobHandle, how: 'term' | 'kill'): Promise<void> {
    const user = handle.owner === undefined ? undefined : await userOf(handle.owner);
    const which = handle.jobId === '' ? `--name=${jobName(startIdOf(handle.runFile ?? ''))}` : handle.jobId;
    if (how === 'kill') await run([tool('scancel'), '--signal=KILL', '--full', which], { user });
    const result = await run([tool('scancel'), which], { user });
    queue.forget();
    if (result.fault !== null || (result.code !== 0 && !/Invalid job id/i.test(result.stderr)))
      log.warn({ job: handle.jobId, why: complaint(result) }, 'scancel failed');
  }

  return {
    kind: 'slurm',
    start,
    poll: async (handle) => (handle.kind === 'job' ? poll(handle) : { state: 'unknown', why: 'not a job' }),
    stop: async (handle, how) => {
      if (handle.kind === 'job') await stop(handle, how);
    },
    async recover({ runFile, key }) {
      const startId = startIdOf(runFile);
      const job = await queue.byName(jobName(startId), await userOf(key.owner));
      // Slurm could not be asked: the job, if there is one, keeps its name for an id until it can.
      const jobId = job === 'none' ? undefined : 'id' in job ? job.id : '';
      if (jobId !== undefined) return { kind: 'job', jobId, runFile, owner: key.owner, server: key.name };
      // A job that comes later is told to end by the desk before it has started anything.
      desk.giveUp(startId);
      return undefined;
    },
    async forget(handle) {
      if (handle.kind !== 'job') return;
      completing.delete(handle.jobId);
      if (handle.runFile !== undefined) desk.giveUp(startIdOf(handle.runFile));
    },
    close: async () => {},
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

function refused(why: string): GatewayError {
  const plain = why.replaceAll(/sbatch: (error: )?/g, '').replace(/Batch job submission failed: /, '');
  return new GatewayError('spawn.failed', {
    message: `Slurm did not take the job: ${plain}.`.replace(/\.\.$/, '.'),
    advice: 'Choose other resources, or ask the administrator of this site.',
  });
}

/** A relay speaks every 15 s at least: three in a row missed, and nothing is known from it. */
const freshMs = 45_000;

function heardAlone(heard: ReturnType<Desk['heard']>, why: string, nowMs: number): PollResult {
  if (heard?.exitCode !== undefined) return withExit(heard.exitCode, undefined);
  if (heard !== undefined && isFresh(heard, nowMs)) return { state: 'up', upstream: heard.upstream };
  return { state: 'unknown', why };
}

function isFresh(heard: ReturnType<Desk['heard']>, nowMs: number): boolean {
  return heard !== undefined && nowMs - heard.atMs < freshMs;
}

/** A relay tells a death by signal as a shell does: 128 + its number. */
function withExit(code: number, detail: string | undefined): Extract<PollResult, { state: 'gone' }> {
  const more = detail === undefined ? {} : { detail };
  const signal = code > 128 ? signalName(code - 128) : null;
  return signal === null
    ? { state: 'gone', exitCode: code, signal: null, ...more }
    : { state: 'gone', exitCode: null, signal, ...more };
}

function signalName(number: number): string | null {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}
