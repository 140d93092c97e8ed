import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { runProcess } from './runProcess.ts';
import type { ProcessPlan, RunningProcess } from './runProcess.ts';
import type { ServicePhase } from './types.ts';

export interface KeepOptions {
  /** For the log. */
  name: string;
  /** Made anew for each start: it holds a new token. */
  plan: () => Promise<ProcessPlan>;
  /** Whether it answers. Absent: it is up when its process is. */
  probe?: (() => Promise<boolean>) | undefined;
  /** Called when it is up, and when it no longer is. */
  onUp: () => void;
  onDown: () => void;
  clock: Clock;
  log: Logger;
  /** First wait before a restart; it doubles up to `longestBackOffMs`. */
  backOffMs?: number;
  /** Between two looks at whether it still answers. */
  probeEveryMs?: number;
}

export interface Kept {
  readonly phase: ServicePhase;
  readonly pid: number | null;
  readonly since: string;
  readonly restarts: number;
  /** Why it ended the last time; kept while it is started again, null once it is ready or was stopped. */
  readonly reason: string | null;
  start(): void;
  /** Resolves when it is up, has failed or was stopped. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

const longestBackOffMs = 60_000;
/** A process that ran for so long has earned a quick restart. */
const steadyMs = 60_000;
const startTimeoutMs = 60_000;
const graceMs = 10_000;
const usualProbeEveryMs = 30_000;
const missesToRestart = 3;

/**
 * Keeps a program running: `starting` until it answers, `ready`, and when it ends by itself or no longer answers
 * `failed`, until it is started again after a wait that doubles. `stopped` when nobody wants it.
 */
export function keepRunning(options: KeepOptions): Kept {
  const { clock, log, name, probe = () => Promise.resolve(true), probeEveryMs = usualProbeEveryMs } = options;
  const now = (): string => new Date(clock.now()).toISOString();
  let state = { phase: 'stopped' as ServicePhase, reason: null as string | null, since: now() };
  let running: RunningProcess | undefined;
  let restarts = 0;
  let wanted: AbortController | undefined;
  let loop = Promise.resolve();
  const waiting = new Set<() => void>();

  function settle(phase: ServicePhase, reason: string | null = null): void {
    state = { phase, reason, since: now() };
    if (phase === 'starting') return;
    for (const resolve of waiting) resolve();
    waiting.clear();
  }
  /** One life of the process; returns why it ended, undefined where it was stopped. */
  async function live(signal: AbortSignal): Promise<string | undefined> {
    settle('starting', state.reason);
    const current = (running = await runProcess(await options.plan()));
    const ended = current.ended.then((end) => endText(end));
    const aborted = onceAborted(signal);
    try {
      const fault = await Promise.race([ended, aborted, becomeUp(probe, signal)]);
      if (signal.aborted || fault !== undefined) return fault;
      settle('ready');
      log.info({ service: name, pid: current.pid }, 'service is up');
      options.onUp();
      return await Promise.race([ended, aborted, becomeDown(probe, probeEveryMs, signal)]);
    } finally {
      options.onDown();
      await current.stop(graceMs);
      running = undefined;
    }
  }

  async function keep(signal: AbortSignal): Promise<void> {
    let waitMs = options.backOffMs ?? 1000;
    while (!signal.aborted) {
      const begun = performance.now();
      const reason = await live(signal).catch((error: unknown) =>
        error instanceof Error ? error.message : String(error),
      );
      if (signal.aborted) break;
      waitMs = performance.now() - begun > steadyMs ? (options.backOffMs ?? 1000) : waitMs;
      settle('failed', reason ?? 'it ended');
      log.warn({ service: name, reason, againInMs: waitMs }, 'service ended; it is started again');
      await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
      waitMs = Math.min(waitMs * 2, longestBackOffMs);
      restarts += 1;
    }
    settle('stopped');
  }

  return {
    get phase() {
      return state.phase;
    },
    get since() {
      return state.since;
    },
    get reason() {
      return state.reason;
    },
    get pid() {
      return running?.pid ?? null;
    },
    get restarts() {
      return restarts;
    },
    start() {
      if (wanted !== undefined) return;
      const { signal } = (wanted = new AbortController());
      restarts = 0;
      settle('starting');
      loop = loop.then(() => keep(signal));
    },
    settled: () =>
      state.phase === 'starting' ? new Promise((resolve) => void waiting.add(resolve)) : Promise.resolve(),
    async stop() {
      wanted?.abort();
      wanted = undefined;
      await loop;
    },
  };
}

function onceAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

async function becomeUp(probe: () => Promise<boolean>, signal: AbortSignal): Promise<string | undefined> {
  const end = performance.now() + startTimeoutMs;
  while (!signal.aborted && !(await probe())) {
    if (performance.now() > end) return `it did not answer within ${startTimeoutMs / 1000} s`;
    await sleep(100, undefined, { signal, ref: false }).catch(() => undefined);
  }
  return undefined;
}

async function becomeDown(
  probe: () => Promise<boolean>,
  probeEveryMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  let misses = 0;
  while (!signal.aborted && misses < missesToRestart) {
    await sleep(probeEveryMs, undefined, { signal, ref: false }).catch(() => undefined);
    misses = (await probe()) ? 0 : misses + 1;
  }
  return signal.aborted ? undefined : 'it no longer answers';
}

function endText({ exitCode, signal }: { exitCode: number | null; signal: string | null }): string {
  return signal === null ? `it ended with code ${exitCode}` : `it was ended by ${signal}`;
}
