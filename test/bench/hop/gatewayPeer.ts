import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createFixedKeys } from '../../../src/identity/jwks.ts';
import pino from 'pino';
import { createAuthorize } from '../../../src/authorize.ts';
import { systemClock } from '../../../src/clock.ts';
import { proxySchema } from '../../../src/config/sections/proxy.ts';
import { isOwnCookie } from '../../../src/identity/cookies.ts';
import { createIdentify } from '../../../src/identity/identify.ts';
import { createVerifier } from '../../../src/identity/verify.ts';
import { createFrontDoor } from '../../../src/proxy/frontDoor.ts';
import { createHop } from '../../../src/proxy/hop.ts';
import { renderPlainly } from '../../../src/proxy/plainRefusal.ts';
import { createRoutes } from '../../../src/proxy/routes.ts';
import { keepHeapSmall } from '../../../src/cli/smallHeap.ts';
import type { PeerConfig } from './peerConfig.ts';

/** The gateway's way of a request, wired as in the program, with tokens of an issuer of the bench and accounts from a list. */
const given = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as PeerConfig;
keepHeapSmall();
const clock = systemClock;
const log = pino({ level: 'warn' });
const config = proxySchema.parse({ requestsPerAccount: 1e9, requestsPerAddress: 1e9 });
const publicUrl = `http://127.0.0.1:${given.port}`;
const jwk = { ...createPublicKey(given.publicKeyPem).export({ format: 'jwk' }), kid: 'k1', alg: 'RS256' };
const keys = createFixedKeys({ keys: [jwk] });
const verifier = createVerifier({
  issuers: [{ issuer: given.issuer, audience: [given.audience], algorithms: ['RS256'], keys }],
  clock,
});
const identify = createIdentify({
  verifier,
  clock,
  sources: [{ cookie: 'cylc-gateway', accepts: () => true }],
  accountOf: ({ subject: name }) =>
    Promise.resolve({
      ok: true,
      account: { name, uid: 1000, gid: 1000, home: '/', shell: '/', displayName: '', groups: [], admin: false },
    }),
  enter: () => true,
  isLive: () => true,
  isBlocked: () => false,
  endOf: () => 0,
});
const routes = createRoutes();
const hop = createHop({ config, publicUrl, log, clock, onActivity: () => undefined });
for (const [owner, port] of given.ports)
  routes.open({ kind: 'server', owner, name: '' }, { kind: 'tcp', host: '127.0.0.1', port });
const authorize = createAuthorize({
  identify,
  match: (path) => routes.match(path),
  access: (who, target) =>
    target.kind === 'server' && target.owner === who.account.name
      ? { allowed: true, level: 'owner', reason: 'owner' }
      : { allowed: false, reason: 'not the owner' },
  view: () => undefined,
  isOwnCookie,
  loginCookieFits: () => true,
  publicOrigin: publicUrl,
});
const app = (_: unknown, res: { end(): void }): void => res.end();
createFrontDoor({ authorize, hop, render: renderPlainly, basePath: '', config, log, app }).listen(
  given.port,
  '127.0.0.1',
);
