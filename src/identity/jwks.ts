import { createLocalJWKSet } from 'jose';
import type { CryptoKey, JSONWebKeySet, JWK, JWSHeaderParameters } from 'jose';

/** Public keys of an issuer. Runs in workerd too. */
export interface KeySource {
  /** The key that the header names. Throws `KeysUnavailable`, or jose's `JWKSNoMatchingKey` and the like. */
  find(header: JWSHeaderParameters): Promise<CryptoKey>;
}

/** No keys are known and none can be had now: the token may well be good, it cannot be told. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** Of a key set that an issuer sends. */
export const maxKeySetBytes = 256 * 1024;
const maxKeys = 100;

/** Keys that do not change while the program runs (a file, or our own). */
export function createFixedKeys(set: unknown): KeySource {
  const find = createLocalJWKSet(publicKeys(set));
  return { find: (header) => find(header) };
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
