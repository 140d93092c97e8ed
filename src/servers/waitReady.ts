import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors.ts';
import type { PollResult, SpawnHandle, Spawner } from '../spawners/types.ts';
import type { LifeParts } from './lifeParts.ts';
import { readinessOf } from './readiness.ts';
import type { ServerKey, Upstream } from './types.ts';

/** The server ended while it was waited for. */
export class EndedEarly extends Error {
  readonly result: Extract<PollResult, { state: 'gone' }>;

  constructor(result: Extract<PollResult, { state: 'gone' }>) {
    super('ended before it was ready');
    this.result = result;
  }
}

const quickMs = 25;
const slowMs = 250;
const pollMs = 250;
const pendingPollMs = 500;

/**
 * Waits until the server itself answers over HTTP and has called the Hub since `sinceMs`: either alone lies, since a
 * server that cannot reach the Hub answers too, for 46 seconds. Throws EndedEarly, `spawn.timeout`, or the abort's reason.
 */
export async function waitReady(options: {
  key: ServerKey;
  handle: SpawnHandle;
  spawner: Spawner;
  upstream: Upstream;
  sinceMs: number;
  parts: LifeParts;
  report: (progress: number, message: string) => void;
  /** It waits in the queue of a batch system, which may take hours: its start timeout begins after that. */
  onPending?: (() => void) | undefined;
  /** Its call may have been before the gateway was killed, and nobody knows: so long after its first answer it is not waited for. */
  contactGraceMs?: number | undefined;
  signal: AbortSignal;
}): Promise<Upstream> {
  const { key, handle, spawner, sinceMs, parts, report, signal, contactGraceMs = Infinity } = options;
  let answeredAt = Infinity;
  let { upstream } = options;
  let begun = performance.now();
  let pending = false;
  const prefix = parts.urls.prefix(key);
  const timeoutMs = parts.config.startTimeoutS * 1000;
  let answered = false;
  let elsewhere = false;
  let polledAt = 0;
  for (;;) {
    const waitedMs = performance.now() - begun;
    if (waitedMs - polledAt >= pollMs) {
      polledAt = waitedMs;
      const result = await spawner.poll(handle);
      if (result.state === 'gone') throw new EndedEarly(result);
      pending = result.state === 'pending' || (pending && result.state === 'unknown');
      if (result.state === 'pending') report(20, result.detail);
      if (result.state === 'up') upstream = result.upstream ?? upstream;
    }
    if (pending) {
      options.onPending?.();
      begun = performance.now();
      polledAt = 0;
      await sleep(pendingPollMs, undefined, { signal });
      continue;
    }
    if (!answered) {
      const readiness = await readinessOf(upstream, prefix, 5000, parts.tls);
      answered = readiness === 'answers';
      elsewhere = readiness === 'elsewhere';
    }
    signal.throwIfAborted();
    const contacted = (parts.hub.lastContact(key) ?? 0) >= sinceMs;
    if (answered) answeredAt = Math.min(answeredAt, performance.now());
    if (answered && (contacted || performance.now() - answeredAt >= contactGraceMs)) {
      // One that has forked itself away answers too, and could be neither watched nor stopped.
      const result = await spawner.poll(handle);
      if (result.state === 'gone') throw new EndedEarly(result);
      return result.state === 'up' ? (result.upstream ?? upstream) : upstream;
    }
    if (answered) report(80, 'It answers; waiting for its call to the gateway.');
    if (waitedMs > timeoutMs)
      throw timeout(parts.config.startTimeoutS, { answered, elsewhere: elsewhere ? prefix : undefined });
    if (!answered) report(Math.min(70, 30 + Math.round(waitedMs / 500)), waitText(waitedMs));
    await sleep(waitedMs < 5000 ? quickMs : slowMs, undefined, { signal });
  }
}

/** A new line every five seconds, not at every look. */
function waitText(waitedMs: number): string {
  const seconds = Math.floor(waitedMs / 5000) * 5;
  return seconds === 0 ? 'Waiting for its first answer.' : `Waiting for its first answer (${seconds} s).`;
}

function timeout(seconds: number, seen: { answered: boolean; elsewhere: string | undefined }): GatewayError {
  if (seen.elsewhere !== undefined)
    return new GatewayError('spawn.timeout', {
      message: `The server answers, but has nothing at its address ${seen.elsewhere} (404).`,
      advice: 'Look for a setting of base_url or of its pages in its configuration, and at its log.',
    });
  return new GatewayError('spawn.timeout', {
    message: seen.answered
      ? `The server answered, but did not reach the gateway within ${seconds} seconds.`
      : `The server did not answer within ${seconds} seconds of its start.`,
  });
}
