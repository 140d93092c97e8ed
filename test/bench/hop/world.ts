import { generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchProcess } from './processes.ts';

/** How many people, each with a token, a route and an upstream port of their own. */
export const userCount = 256;
export const issuer = 'https://sso.example';
export const audience = 'cylc';
/** The one whose upstream speaks WebSocket. */
export const socketUser = 'ws';

/** What all peers of one run share. */
export interface BenchWorld {
  dir: string;
  /** First of `userCount` ports of the upstream, then that of the WebSocket echo, then those of the peers. */
  firstPort: number;
  users: readonly string[];
  /** Upstream port of a user. */
  portOf(user: string): number;
  token(user: string): string;
  publicKeyPem: string;
  publicKey: KeyObject;
  /** A free port for a peer. */
  nextPort(): number;
  file(name: string, text: string): string;
  /** Every process of the run, to be stopped at its end. */
  started: BenchProcess[];
  close(): Promise<void>;
}

export function createBenchWorld({ firstPort }: { firstPort: number }): BenchWorld {
  const dir = mkdtempSync(join(tmpdir(), 'hop-bench-'));
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const users = Array.from({ length: userCount }, (_, i) => `u${i}`);
  const ports = new Map([...users, socketUser].map((user, i) => [user, firstPort + i]));
  const tokens = new Map([...ports.keys()].map((user) => [user, signToken(user, privateKey)]));
  const started: BenchProcess[] = [];
  let next = firstPort + ports.size;
  return {
    dir,
    firstPort,
    users,
    publicKey,
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    portOf: (user) => ports.get(user)!,
    token: (user) => tokens.get(user)!,
    nextPort: () => next++,
    file(name, text) {
      const path = join(dir, name);
      writeFileSync(path, text);
      return path;
    },
    started,
    async close() {
      await Promise.all(started.map((one) => one.stop()));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** As large as those of common providers: about 800 bytes. */
export function signToken(user: string, key: KeyObject, extra: Record<string, unknown> = {}): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: issuer,
    aud: audience,
    sub: user,
    sid: `session-of-${user}`,
    email: `${user}@site.example`,
    name: `User number ${user} of the site`,
    groups: ['forecast', 'research', 'climate'],
    iat: now,
    exp: now + 7200,
    ...extra,
  };
  const head = `${part({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${part(claims)}`;
  return `${head}.${sign('sha256', Buffer.from(head), key).toString('base64url')}`;
}
