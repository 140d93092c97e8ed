import { createLocalJWKSet, errors } from 'jose';
import type { CryptoKey, JSONWebKeySet, JWK, JWSHeaderParameters } from 'jose';
import type { Clock } from '../clock.ts';

/** Public keys of an issuer. Runs in workerd too. */
export interface KeySource {
  /** The key that the header names. Throws `KeysUnavailable`, or jose's `JWKSNoMatchingKey` and the like. */
  find(header: JWSHeaderParameters): Promise<CryptoKey>;
}

/** No keys are known and none can be had now: the token may well be good, it cannot be told. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

const maxBytes = 256 * 1024;
const maxKeys = 100;
/** While no keys at all are known, nobody can be let in: they are asked for again after so long, ms. */
const firstRetryMs = 3000;

/** Keys that do not change while the program runs (a file, or our own). */
export function createFixedKeys(set: unknown): KeySource {
  const find = createLocalJWKSet(publicKeys(set));
  return { find: (header) => find(header) };
}

export interface RemoteKeysOptions {
  url: string | (() => Promise<string>);
  clock: Clock;
  fetch?: typeof fetch;
  /** Between two fetches at least, ms, whatever tokens are sent: unknown `kid`s cost nothing more. */
  cooldownMs?: number;
  /** Keys older than this are fetched anew, ms; until that succeeds the old ones serve. */
  maxAgeMs?: number;
  timeoutMs?: number;
  /** False in workerd, where a request must not wait for another's fetch. */
  shareFetches?: boolean;
  onError?: (error: unknown) => void;
  /** After each fetch. */
  onFetched?: (ok: boolean) => void;
  /** Called when the set of keys has changed: caches of verified tokens must forget. */
  onChange?: () => void;
}

/**
 * Keys by URL. Rotation: a `kid` that is not there causes one fetch, at most one in `cooldownMs`. While the issuer is
 * down the last good keys go on. What it sends is bounded, and symmetric or private keys in it are ignored.
 */
export function createRemoteKeys(options: RemoteKeysOptions): KeySource {
  const { clock, cooldownMs = 30_000, maxAgeMs = 600_000, shareFetches = true } = options;
  let find: ReturnType<typeof createLocalJWKSet> | undefined;
  let text = '';
  let fetchedAtMs = -Infinity;
  let triedAtMs = -Infinity;
  let pending: Promise<void> | undefined;

  async function load(): Promise<void> {
    triedAtMs = clock.now();
    try {
      const body = await fetchKeys(options);
      find = createLocalJWKSet(publicKeys(JSON.parse(body)));
      fetchedAtMs = clock.now();
      if (text !== '' && text !== body) options.onChange?.();
      text = body;
      options.onFetched?.(true);
    } catch (error) {
      options.onFetched?.(false);
      options.onError?.(error);
    }
  }

  /** Resolves when a fetch that was due or under way has ended, well or not. */
  function refresh(): Promise<void> {
    if (pending !== undefined && shareFetches) return pending;
    const waitMs = find === undefined ? Math.min(cooldownMs, firstRetryMs) : cooldownMs;
    if (clock.now() - triedAtMs < waitMs) return Promise.resolve();
    pending = load().finally(() => {
      pending = undefined;
    });
    return pending;
  }

  return {
    async find(header) {
      if (find === undefined) await refresh();
      else if (clock.now() - fetchedAtMs > maxAgeMs) void refresh();
      if (find === undefined) throw new KeysUnavailable('no keys of the issuer are known');
      try {
        return await find(header);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        const before = find;
        await refresh();
        if (find === before) throw error;
        return find(header);
      }
    },
  };
}

async function fetchKeys(options: RemoteKeysOptions): Promise<string> {
  const url = typeof options.url === 'string' ? options.url : await options.url();
  const response = await (options.fetch ?? fetch)(url, {
    headers: { accept: 'application/json, application/jwk-set+json' },
    redirect: 'manual',
    signal: AbortSignal.timeout(options.timeoutMs ?? 5000),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the key set answered ${response.status}`);
  }
  return readBounded(response, maxBytes);
}

/** The body as text; refuses to read more than that many bytes. */
export async function readBounded(response: Response, limit: number): Promise<string> {
  if (response.body === null) return '';
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  let size = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > limit) throw new Error(`an answer of more than ${limit} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The asymmetric, public keys of a JWK Set (RFC 7517, 5). Throws if it is not one. */
export function publicKeys(set: unknown): JSONWebKeySet {
  const keys = (set as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(keys)) throw new TypeError('not a JWK Set: it has no list `keys`');
  const usable = keys.slice(0, maxKeys).filter(isPublicKey);
  if (usable.length === 0) throw new TypeError('the JWK Set has no public key that can be used');
  return { keys: usable };
}

function isPublicKey(key: unknown): key is JWK {
  if (typeof key !== 'object' || key === null) return false;
  const { kty, d, use } = key as JWK;
  return (kty === 'RSA' || kty === 'EC' || kty === 'OKP') && d === undefined && (use === undefined || use === 'sig');
}
