import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { JobHandle, PollResult, Spawner, SpawnHandle, SpawnPlan } from '../types.ts';
import type { Authority } from './authority.ts';
import { startIdOf } from './desk.ts';
import type { Desk, Heard } from './desk.ts';
import { exitOfCode } from './exits.ts';
import { jobScript } from './jobScript.ts';
import type { NodePlaces } from './jobScript.ts';
import type { BatchSystem, User } from './system.ts';

export interface JobSpawnerParts {
  authority: Authority;
  desk: Desk;
  places: () => NodePlaces;
  userOf: (name: string) => Promise<User>;
  clock: Clock;
  log: Logger;
}

/** A relay speaks every 15 s at least: three in a row missed, and nothing is known from it. */
const freshMs = 45_000;

/**
 * Runs a server as a job of its account on a node of a batch system. The job script carries a relay (workers/relay) that
 * joins it to the gateway. What is known of a job comes from two sides: the system's queue, and the relay.
 */
export function createJobSpawner(system: BatchSystem, parts: JobSpawnerParts): Spawner {
  const { authority, desk, places, userOf, clock, log } = parts;

  async function start(plan: SpawnPlan, report: (message: string) => void): Promise<SpawnHandle> {
    const startId = startIdOf(plan.runFile);
    const { key, account, logFile } = plan;
    desk.expect(startId, { key, logFile });
    report(`Handing the job to ${system.title}.`);
    const { directives } = system;
    const script = jobScript({ plan, authority, pair: authority.issue(startId), places: places(), directives });
    const submitted = await system.submit({ plan, startId, script });
    system.changed();
    const found =
      'jobId' in submitted ? submitted : submitted.doubtful ? await system.findJob(startId, account) : 'none';
    if (typeof found === 'object' && 'jobId' in found) return handleOf(found.jobId, plan);
    desk.giveUp(startId);
    const why = 'refused' in submitted ? submitted.refused : '';
    log.warn({ spawner: system.kind, owner: key.owner, why }, 'a job was not taken');
    throw new GatewayError('spawn.failed', {
      message: `${system.title} did not take the job: ${withoutEnd(why)}.`,
      advice: 'Choose other resources, or ask the administrator of this site.',
    });
  }

  /** Its relay is listened to again after a restart of the gateway. */
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
    if (heard?.exitCode !== undefined) system.changed();
    const user = await ownerOf(handle);
    const jobId = handle.jobId === '' ? await idOf(startId, user) : handle.jobId;
    const look = typeof jobId === 'string' ? await system.look(jobId, user) : jobId;
    return judge(look, heard, { id: handle.jobId, title: system.title, nowMs: clock.now() });
  }

  async function idOf(
    startId = '',
    user: User,
  ): Promise<string | { state: 'none' } | { state: 'unknown'; why: string }> {
    const found = await system.findJob(startId, user);
    if (found === 'none') return { state: 'none' };
    return 'jobId' in found ? found.jobId : { state: 'unknown', why: found.unknown };
  }

  async function ownerOf({ owner }: JobHandle): Promise<User> {
    return owner === undefined ? undefined : userOf(owner);
  }

  return {
    kind: system.kind,
    start,
    poll: async (handle) => (handle.kind === 'job' ? poll(handle) : { state: 'unknown', why: 'not a job' }),
    async stop(handle, how) {
      if (handle.kind !== 'job') return;
      const { jobId, runFile = '' } = handle;
      const why = await system.cancel({ jobId, startId: startIdOf(runFile), how, user: await ownerOf(handle) });
      system.changed();
      if (why !== undefined) log.warn({ spawner: system.kind, job: jobId, why }, 'a job was not cancelled');
    },
    async recover({ runFile, key }) {
      const startId = startIdOf(runFile);
      const found = await system.findJob(startId, await userOf(key.owner));
      const handle = { kind: 'job', runFile, owner: key.owner, server: key.name } as const;
      if (found !== 'none') return { ...handle, jobId: 'jobId' in found ? found.jobId : '' };
      // A job that comes later is told to end by the desk before it has started anything.
      desk.giveUp(startId);
      return undefined;
    },
    async forget(handle) {
      if (handle.kind !== 'job') return;
      system.forget(handle.jobId);
      if (handle.runFile !== undefined) desk.giveUp(startIdOf(handle.runFile));
    },
    close: async () => {},
  };
}

function handleOf(jobId: string, { key, runFile, logFile }: SpawnPlan): JobHandle {
  return { kind: 'job', jobId, runFile, owner: key.owner, server: key.name, logFile };
}

/** The queue and the relay put together: neither alone is always right. */
function judge(
  look: Awaited<ReturnType<BatchSystem['look']>>,
  heard: Heard | undefined,
  job: { id: string; title: string; nowMs: number },
): PollResult {
  const fresh = heard !== undefined && job.nowMs - heard.atMs < freshMs;
  const exit = heard?.exitCode === undefined ? undefined : exitOfCode(heard.exitCode);
  switch (look.state) {
    case 'unknown':
      if (exit !== undefined) return { state: 'gone', ...exit };
      return fresh ? { state: 'up', upstream: heard.upstream } : look;
    case 'none':
      if (fresh && exit === undefined)
        return { state: 'unknown', why: `${job.title} does not know its job, but it still reports` };
      return {
        state: 'gone',
        ...(exit ?? { exitCode: look.exitCode ?? null, signal: look.signal ?? null }),
        detail: `${job.title} does not know its job ${job.id} any more`,
      };
    case 'gone': {
      const { ended, ...gone } = look;
      return ended || exit === undefined ? gone : { ...gone, ...exit };
    }
    case 'up':
      return heard === undefined ? look : { ...look, upstream: heard.upstream };
    default:
      return look;
  }
}

/** Without the full stops and semicolons at its end. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (text[end - 1] === '.' || text[end - 1] === ';') end -= 1;
  return text.slice(0, end);
}
