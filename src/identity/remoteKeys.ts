import { createLocalJWKSet, errors } from 'jose';
import type { Clock } from '../clock.ts';
import { KeysUnavailable, maxKeySetBytes, publicKeys, readBounded } from './jwks.ts';
import type { KeySource } from './jwks.ts';

export interface RemoteKeysOptions {
  url: string | (() => Promise<string>);
  clock: Clock;
  fetch?: typeof fetch;
  /** Between two fetches at least, ms, whatever tokens are sent: unknown `kid`s cost nothing more. */
  cooldownMs?: number;
  /** Keys older than this are fetched anew, ms; until that succeeds the old ones serve. */
  maxAgeMs?: number;
  timeoutMs?: number;
  /**
   * False in workerd, where a request may not wait for another's fetch, and where a fetch ends with the request that began
   * it: then each request that needs keys fetches them itself, and waits for that.
   */
  shareFetches?: boolean;
  onError?: (error: unknown) => void;
  /** After each fetch. */
  onFetched?: (ok: boolean) => void;
  /** Called when the set of keys has changed: caches of verified tokens must forget. */
  onChange?: () => void;
}

/** While no keys at all are known, nobody can be let in: they are asked for again after so long, ms. */
const firstRetryMs = 3000;
/** Requests that fetch the same key set at once, where they may not share one fetch. The others look for what those find. */
const maxFetches = 8;
const lookEveryMs = 50;

/**
 * Keys by URL. Rotation: a `kid` that is not there causes one fetch, at most one in `cooldownMs` after the end of the last.
 * While the issuer is down the last good keys go on. What it sends is bounded, and symmetric or private keys in it are
 * ignored.
 */
export function createRemoteKeys(options: RemoteKeysOptions): KeySource {
  const { clock, cooldownMs = 30_000, maxAgeMs = 600_000, timeoutMs = 5000, shareFetches = true } = options;
  let find: ReturnType<typeof createLocalJWKSet> | undefined;
  let text = '';
  let fetchedAtMs = -Infinity;
  let endedAtMs = -Infinity;
  let shared: Promise<void> | undefined;
  /** Where fetches are not shared, when those under way began: one whose request was cancelled never ends. */
  let begun: number[] = [];

  async function load(): Promise<void> {
    try {
      const body = await fetchKeys(options, timeoutMs);
      find = createLocalJWKSet(publicKeys(JSON.parse(body)));
      fetchedAtMs = clock.now();
      if (text !== '' && text !== body) options.onChange?.();
      text = body;
      options.onFetched?.(true);
    } catch (error) {
      options.onFetched?.(false);
      options.onError?.(error);
    }
    endedAtMs = clock.now();
  }

  function underWay(): number {
    begun = begun.filter((at) => clock.now() - at < timeoutMs);
    return begun.length;
  }

  async function loadAlone(): Promise<void> {
    const at = clock.now();
    begun.push(at);
    await load();
    begun = begun.filter((other) => other !== at);
  }

  /** Resolves when keys that were not there before have come, or the time of a fetch is over. */
  async function lookForOthers(): Promise<void> {
    const before = find;
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += lookEveryMs) {
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
      if (find !== before) return;
    }
  }

  /** Resolves when a fetch that was due or under way has ended, well or not. */
  async function refresh(): Promise<void> {
    if (shared !== undefined) return shared;
    const waitMs = find === undefined ? Math.min(cooldownMs, firstRetryMs) : cooldownMs;
    if (clock.now() - endedAtMs < waitMs) return;
    if (!shareFetches) return underWay() < maxFetches ? loadAlone() : lookForOthers();
    shared = load().finally(() => {
      shared = undefined;
    });
    return shared;
  }

  /** Known keys that are old serve on meanwhile, but for the one request in workerd that has to wait for its own fetch. */
  async function refreshOld(): Promise<void> {
    if (shareFetches) void refresh();
    else if (underWay() === 0) await refresh();
  }

  return {
    async find(header) {
      if (find === undefined) await refresh();
      else if (clock.now() - fetchedAtMs > maxAgeMs) await refreshOld();
      if (find === undefined) throw new KeysUnavailable('no keys of the issuer are known');
      const before = find;
      try {
        return await before(header);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        if (find === before) await refresh();
        if (find === before) throw error;
        return find(header);
      }
    },
  };
}

async function fetchKeys(options: RemoteKeysOptions, timeoutMs: number): Promise<string> {
  const url = typeof options.url === 'string' ? options.url : await options.url();
  const response = await (options.fetch ?? fetch)(url, {
    headers: { accept: 'application/json, application/jwk-set+json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the key set answered ${response.status}`);
  }
  return readBounded(response, maxKeySetBytes);
}
