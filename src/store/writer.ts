import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { errnoOf } from './files.ts';

/**
 * When a document is written.
 *
 * idle → (a change) → writing at once → idle, and no sooner than `batchMs` after the last write began; changes made
 * meanwhile go out together with the next one. A write that fails rejects the changes that waited for it (they stay
 * in memory) and is tried again, after 0.1 s, doubling up to 10 s, until it succeeds.
 */
export interface Writer {
  /** Resolves when all that is in memory now is on disk. */
  changed(): Promise<void>;
  /** The same, where nothing was changed just now but an earlier change may be on its way. */
  settled(): Promise<void>;
  /** Writes what is pending, with a few tries, and then no more. @throws GatewayError `store.unwritable` */
  close(): Promise<void>;
  /** Undefined while writing works; otherwise since when (ms since 1970) and why it does not. */
  readonly trouble: { sinceMs: number; reason: string } | undefined;
}

/** Told of each write: of which document, how long it took, and whether it came off. */
export type OnWrite = (write: { document: string; seconds: number; ok: boolean }) => void;

interface Waiter {
  resolve(): void;
  reject(error: GatewayError): void;
}

const firstRetryMs = 100;
const lastRetryMs = 10_000;
const triesAtClose = 3;

export function createWriter(parts: {
  name: string;
  write(): Promise<void>;
  batchMs: number;
  clock: Clock;
  log: Logger;
  onWrite?: OnWrite | undefined;
}): Writer {
  const { name, batchMs, clock, log } = parts;
  let waiters: Waiter[] = [];
  let dirty = false;
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let startedMs = -Infinity;
  let retryMs = firstRetryMs;
  let trouble: Writer['trouble'];
  let closed = false;

  function schedule(delayMs: number): void {
    if (!closed) timer ??= setTimeout(() => void run(), delayMs);
  }

  function run(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing ??= writeOnce().finally(() => {
      writing = undefined;
      if (dirty) schedule(trouble === undefined ? nextSlotMs() : retryMs);
    });
    return writing;
  }

  async function writeOnce(): Promise<void> {
    const served = waiters;
    waiters = [];
    dirty = false;
    startedMs = performance.now();
    try {
      await parts.write();
      tell(true);
      onSuccess();
      for (const waiter of served) waiter.resolve();
    } catch (cause) {
      tell(false);
      dirty = true;
      const error = onFailure(cause);
      for (const waiter of served) waiter.reject(error);
    }
  }

  function tell(ok: boolean): void {
    parts.onWrite?.({ document: name, seconds: (performance.now() - startedMs) / 1000, ok });
  }

  function nextSlotMs(): number {
    return Math.max(0, startedMs + batchMs - performance.now());
  }

  function onSuccess(): void {
    if (trouble !== undefined) log.info({ document: name }, 'store: records are written again');
    trouble = undefined;
    retryMs = firstRetryMs;
  }

  function onFailure(cause: unknown): GatewayError {
    const reason = reasonOf(cause);
    if (trouble === undefined)
      log.error({ document: name, err: cause }, `store: records cannot be written: ${reason}. Trying again.`);
    else retryMs = Math.min(retryMs * 2, lastRetryMs);
    trouble ??= { sinceMs: clock.now(), reason };
    return new GatewayError('store.unwritable', { cause, facts: { document: name, reason } });
  }

  return {
    get trouble() {
      return trouble;
    },
    changed() {
      dirty = true;
      const done = wait();
      if (writing === undefined) schedule(trouble === undefined ? nextSlotMs() : retryMs);
      return done;
    },
    settled() {
      if (dirty) return wait();
      return writing === undefined ? Promise.resolve() : writing.then(throwIfTroubled);
    },
    async close() {
      await writing;
      for (let tries = 0; tries < triesAtClose; tries++) if (dirty) await run();
      closed = true;
      clearTimeout(timer);
      if (dirty) throw new GatewayError('store.unwritable', { facts: { document: name, ...trouble } });
    },
  };

  function throwIfTroubled(): void {
    if (trouble !== undefined) throw new GatewayError('store.unwritable', { facts: { document: name, ...trouble } });
  }

  function wait(): Promise<void> {
    const done = new Promise<void>((resolve, reject) => waiters.push({ resolve, reject }));
    // Whoever does not wait for the disk must not bring the process down; the log tells of the failure.
    done.catch(() => undefined);
    return done;
  }
}

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EIO: 'the disk reports an error',
};

/** Why a write failed, in words. */
export function reasonOf(error: unknown): string {
  return reasons[errnoOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
}
