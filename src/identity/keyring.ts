import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createLocalJWKSet, exportJWK, generateKeyPair, importJWK } from 'jose';
import type { CryptoKey, JSONWebKeySet, JWK } from 'jose';
import type { Clock } from '../clock.ts';
import type { KeySource } from './jwks.ts';
import { readKeyFile, writeKeyFile } from './keyFile.ts';
import type { KeyFile } from './keyFile.ts';

/** The gateway's own keys. */
export interface Keyring {
  /** Signs new session tokens. */
  current(): { kid: string; key: CryptoKey };
  /** Public keys of session tokens, for the edge: the current one and those of tokens that still live. */
  publicSet(): JSONWebKeySet;
  /** The same as a source for the verifier: a rotation is seen at once. */
  readonly source: KeySource;
  /** Private keys of the built-in provider. */
  readonly provider: JSONWebKeySet;
  /** 32 bytes. */
  readonly loginSecret: Uint8Array;
  /** A new current key; the old ones go on verifying for `keepMs` after this, then they are dropped. */
  rotate(): Promise<void>;
  /** When the current key was made, ms since 1970. */
  createdAtMs(): number;
}

export interface KeyringOptions {
  dataDir: string;
  clock: Clock;
  /** Longest life of a token that these keys sign, ms. */
  keepMs: number;
}

/** Reads `identity-keys.json`, or makes it. Throws `SetupError` if the file is loose or broken. */
export async function openKeyring(options: KeyringOptions): Promise<Keyring> {
  const path = join(options.dataDir, 'identity-keys.json');
  let file = (await readKeyFile(path)) ?? (await makeKeyFile(path, options));
  let ring = await load(file);

  return {
    current: () => ring.current,
    publicSet: () => ring.publicSet,
    source: { find: (header) => ring.find(header) },
    provider: { keys: file.provider },
    loginSecret: Buffer.from(file.login, 'base64url'),
    createdAtMs: () => Date.parse(file.session[0]?.createdAt ?? ''),
    async rotate() {
      const next = { ...file, session: [await newSessionKey(options.clock), ...alive(file, options)] };
      await writeKeyFile(path, next);
      file = next;
      ring = await load(next);
    },
  };
}

/** A key stays until no token signed by it can be alive: its successor's age is more than a token's life. */
function alive(file: KeyFile, { clock, keepMs }: KeyringOptions): KeyFile['session'] {
  return file.session.filter((_, index) => {
    const successor = file.session[index - 1];
    return successor === undefined || clock.now() - Date.parse(successor.createdAt) < keepMs;
  });
}

async function load(file: KeyFile): Promise<{
  current: { kid: string; key: CryptoKey };
  publicSet: JSONWebKeySet;
  find: ReturnType<typeof createLocalJWKSet>;
}> {
  const [first] = file.session;
  if (first === undefined) throw new Error('a key file without keys passed its schema');
  const key = (await importJWK(first.jwk as JWK, 'EdDSA')) as CryptoKey;
  const publicSet = { keys: file.session.map(({ jwk }) => toPublic(jwk as JWK)) };
  return { current: { kid: first.jwk.kid, key }, publicSet, find: createLocalJWKSet(publicSet) };
}

function toPublic({ kty, crv, x, kid }: JWK): JWK {
  return { kty, crv, x, kid, alg: 'EdDSA', use: 'sig' } as JWK;
}

async function makeKeyFile(path: string, options: KeyringOptions): Promise<KeyFile> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const file: KeyFile = {
    version: 1,
    session: [await newSessionKey(options.clock)],
    provider: [await newJwk('ES256')],
    login: randomBytes(32).toString('base64url'),
  };
  await writeKeyFile(path, file);
  return file;
}

async function newSessionKey(clock: Clock): Promise<KeyFile['session'][number]> {
  return { createdAt: new Date(clock.now()).toISOString(), jwk: await newJwk('EdDSA') };
}

async function newJwk(alg: 'EdDSA' | 'ES256'): Promise<KeyFile['provider'][number]> {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: randomUUID() } as KeyFile['provider'][number];
}
