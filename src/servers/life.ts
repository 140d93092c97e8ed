import { GatewayError } from '../errors.ts';
import type { PollResult } from '../spawners/types.ts';
import { endingText } from './failure.ts';
import { newRunFile } from './launchPlan.ts';
import type { Launch, LifeParts } from './lifeParts.ts';
import { createLifeState, unkillable } from './lifeState.ts';
import type { ProgressLog } from './progressLog.ts';
import { launchServer, resumeServer } from './startRun.ts';
import type { ServerKey } from './types.ts';
import { EndedEarly } from './waitReady.ts';

/**
 * The life of one server. It is in one of these phases:
 *
 * stopped   no process. `start` leads to queued.
 * queued    waits for its turn among the starts: no deadline, but a place that is shown. `stop` takes it out.
 * starting  is launched, then waited for until it answers and has called the Hub (ready), ends (failed) or the start
 *           timeout passes (killed, failed). `stop` cancels: what was launched by then is ended (stopped).
 * ready     has a route. A look every few seconds finds its end: exit code 0 → stopped, any other → failed.
 * stopping  route closed, SIGTERM sent; after the stop timeout, or by force at once, SIGKILL to its process group; within
 *           ten seconds it is gone (stopped) or cannot be killed (failed, and the process stays on record). A `start`
 *           meanwhile is kept and made once it has stopped; another `stop` takes that back.
 * failed    a reason for the owner. `start` tries again, `stop` acknowledges (stopped). A process that could not be killed
 *           is looked at until it is gone; before that there is no start.
 * unknown   several looks in a row could not tell whether it runs. Its route stays, and it is looked at on and on.
 *
 * What is recorded is enough to go on from any of them after the gateway was killed: see `resume`.
 */
export interface Life {
  start(launch: Launch): void;
  stop(how: { force: boolean }): Promise<void>;
  /** Goes on after a restart of the gateway. `again` makes the launch of a start that was still in the queue. */
  resume(again: () => Launch | undefined): Promise<void>;
  /** Looks whether it still runs. */
  check(): Promise<void>;
  progress(): ProgressLog;
  /** Of the start under way, as far as this gateway made it. */
  secrets(): readonly string[];
  /** The gateway ends: stops waiting; what runs goes on. */
  detach(): void;
}

/** What a new start forgets of the one before. */
const fresh = {
  phase: 'queued',
  handle: null,
  upstream: null,
  failure: null,
  command: '',
  logFile: null,
  lastActivityAt: null,
  keepUntil: null,
  stopReason: null,
  notice: null,
} as const;

/** So many looks without an answer make a server unknown. */
const unknownAfter = 3;

export function createLife(key: ServerKey, parts: LifeParts): Life {
  const state = createLifeState(key, parts);
  let run: { abort: AbortController; done: Promise<void> } | undefined;
  let stopping: { done: Promise<void>; force: AbortController } | undefined;
  let next: Launch | undefined;
  let misses = 0;
  let detached = false;

  /** `after` is the progress of the stop that this start has waited for: who follows it sees both. */
  function begin(launch: Launch, after?: ProgressLog): void {
    if (after === undefined) state.newProgress();
    parts.routes.declare(state.target);
    const runFile = newRunFile(parts.runtimeDir);
    const { by, profile, spawner, program, options, page } = launch;
    const recorded = state.enter({
      ...fresh,
      profile,
      spawner,
      program: program.kind,
      options,
      page,
      runFile,
      startedBy: by,
      startedAt: new Date(parts.clock.now()).toISOString(),
    });
    attempt((signal) => launchServer({ key, parts, state, signal, launch, runFile, recorded }));
  }

  /** Runs a start to its end: ready, failed, or cancelled by `stop`, which then does the rest. */
  function attempt(start: (signal: AbortSignal) => Promise<void>): void {
    const abort = new AbortController();
    const done = start(abort.signal)
      .catch((error: unknown) => (abort.signal.aborted || detached ? undefined : fail(error)))
      .finally(() => {
        if (run === own) run = undefined;
      });
    const own = { abort, done };
    run = own;
  }

  async function fail(problem: unknown): Promise<void> {
    const progress = state.progress();
    await state.adoptCutOff().catch(() => {});
    const failure = await state.explain(problem);
    const gone = problem instanceof EndedEarly;
    // What it left behind in its process group goes too.
    const ended = await state.end(AbortSignal.abort()).catch(() => gone);
    if (ended || gone) await state.dead('failed', failure);
    else await state.settle({ phase: 'failed', failure });
    progress.end({ progress: 100, message: failure.reason, phase: 'failed', failed: true });
  }

  async function stopNow(force: AbortSignal): Promise<void> {
    const cancelled = run !== undefined;
    const progress = cancelled ? state.progress() : state.newProgress();
    run?.abort.abort(new GatewayError('server.stopping'));
    parts.routes.close(state.target);
    await state.settle({ phase: 'stopping' });
    progress.add({ progress: 10, message: cancelled ? 'Cancelling the start.' : 'Stopping.', phase: 'stopping' });
    await run?.done;
    await state.adoptCutOff();
    if (!(await state.end(force))) return giveUp();
    await state.dead('stopped', null);
    if (next !== undefined) return progress.add({ progress: 1, message: 'Stopped; starting again.', phase: 'queued' });
    const message = cancelled ? 'The start was cancelled.' : 'Stopped.';
    progress.end({ progress: 100, message, phase: 'stopped', ...(cancelled && { failed: true }) });
  }

  async function giveUp(): Promise<never> {
    const error = unkillable();
    await state.settle({ phase: 'failed', failure: await state.explain(error) });
    state.progress().end({ progress: 100, message: error.message, phase: 'failed', failed: true });
    throw error;
  }

  function stop({ force }: { force: boolean }): Promise<void> {
    next = undefined;
    if (stopping !== undefined) {
      if (force) stopping.force.abort();
      return stopping.done;
    }
    if (run === undefined && state.phase() === 'stopped') return Promise.resolve();
    const forced = new AbortController();
    if (force) forced.abort();
    const done = stopNow(forced.signal).finally(() => {
      stopping = undefined;
      const launch = next;
      next = undefined;
      // Not where the old process could not be ended: its record is all that leads to it.
      if (launch !== undefined && state.phase() === 'stopped') begin(launch, state.progress());
    });
    stopping = { done, force: forced };
    return done;
  }

  async function resume(again: () => Launch | undefined): Promise<void> {
    const was = state.phase();
    const hadHandle = Boolean(state.record()?.handle);
    if (was === 'stopped' || (was === 'failed' && !hadHandle)) return;
    if (was === 'stopping' || was === 'failed') {
      await stop({ force: was === 'failed' }).catch(() => {});
      return;
    }
    await state.adoptCutOff();
    if (state.record()?.handle) {
      if (was === 'ready' || was === 'unknown') await reopen();
      else attempt((signal) => (state.newProgress(), resumeServer({ key, parts, state, signal })));
      return;
    }
    const launch = was === 'queued' ? again() : undefined;
    if (launch !== undefined) begin(launch);
    else
      await fail(
        new GatewayError('spawn.failed', { message: 'The gateway was restarted before the server was launched.' }),
      );
  }

  async function reopen(): Promise<void> {
    const upstream = state.record()?.upstream;
    if (upstream) parts.routes.open(state.target, upstream);
    await check();
  }

  async function check(): Promise<void> {
    const { handle, spawner = '', phase, runFile } = state.record() ?? {};
    const watched = phase === 'ready' || phase === 'unknown' || phase === 'failed';
    if (!handle || !watched || stopping !== undefined || run !== undefined) return;
    const result = await parts
      .spawner(spawner)
      .poll(handle)
      .catch((): PollResult => ({ state: 'unknown', why: 'the look itself failed' }));
    if (stopping !== undefined || detached || state.record()?.runFile !== runFile) return;
    // What could not be killed has gone after all: it can be started again.
    if (phase === 'failed')
      return result.state === 'gone' ? state.dead('failed', state.record()?.failure ?? null) : undefined;
    misses = result.state === 'unknown' ? misses + 1 : 0;
    if (result.state === 'gone') await ended(result);
    else if (misses >= unknownAfter && phase === 'ready') await state.settle({ phase: 'unknown' });
    else if (misses === 0 && phase === 'unknown') await state.settle({ phase: 'ready' });
  }

  async function ended(result: Extract<PollResult, { state: 'gone' }>): Promise<void> {
    if (result.exitCode === 0) return state.dead('stopped', null);
    const message = `The server ended by itself ${endingText(result)}.`;
    const failure = await state.explain(new GatewayError('spawn.failed', { message }));
    await state.dead('failed', { ...failure, exitCode: result.exitCode, signal: result.signal });
  }

  return {
    start(launch) {
      // A start that has failed may still be writing that down: it is over all the same.
      const idle = state.phase() === 'stopped' || state.phase() === 'failed';
      if (idle && state.record()?.handle) throw unkillable();
      if (next !== undefined || (stopping === undefined && !idle)) throw new GatewayError('server.exists');
      if (stopping !== undefined) next = launch;
      else begin(launch);
    },
    stop,
    resume,
    check,
    progress: () => state.progress(),
    secrets: () => state.secrets,
    detach() {
      detached = true;
      run?.abort.abort(new Error('the gateway ends'));
    },
  };
}
