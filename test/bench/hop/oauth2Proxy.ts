import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { onPath } from '../../helpers/requires.ts';
import { proxyCore, startOn } from './processes.ts';
import type { BenchProcess } from './processes.ts';
import { signToken, socketUser } from './world.ts';
import type { BenchWorld } from './world.ts';

const modulePath = 'github.com/oauth2-proxy/oauth2-proxy/v7';
const version = 'v7.6.0';
const clientId = 'bench';

/** oauth2-proxy as the checker of `auth_request`, with every user signed in. */
export async function oauth2Proxy(
  world: BenchWorld,
): Promise<{ port: number; process: BenchProcess; cookie(user: string): string }> {
  const bin = binary();
  const port = world.nextPort();
  const provider = await startProvider(world.nextPort());
  const child = await startOn(world.started, proxyCore, [bin, ...flags(port, provider.url)], port);
  const cookies = new Map<string, string>();
  for (const user of [...world.users, socketUser]) cookies.set(user, await signIn(port, user));
  provider.close();
  return { port, process: child, cookie: (user) => `theme=dark; ${cookies.get(user)!}` };
}

/** The one on the PATH or in the cache; built by Go where it is here, which takes some minutes. */
function binary(): string {
  if (onPath('oauth2-proxy')) return 'oauth2-proxy';
  const cache = join(homedir(), '.cache/cylc-gateway/bench');
  const bin = join(cache, 'oauth2-proxy');
  if (existsSync(bin)) return bin;
  const go = ['/usr/local/go/bin/go', 'go'].find((path) => (path === 'go' ? onPath('go') : existsSync(path)));
  if (go === undefined) throw new Error('oauth2-proxy is not here, and no Go to build it');
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'go.mod'), `module bench\n\ngo 1.21\n\nrequire ${modulePath} ${version}\n`);
  execFileSync(go, ['build', '-mod=mod', '-o', bin, modulePath], { cwd: cache, stdio: 'inherit' });
  return bin;
}

function flags(port: number, provider: string): string[] {
  return [
    `--http-address=127.0.0.1:${port}`,
    '--provider=oidc',
    `--oidc-issuer-url=${provider}`,
    `--client-id=${clientId}`,
    '--client-secret=secret',
    `--cookie-secret=${randomBytes(16).toString('hex')}`,
    '--cookie-secure=false',
    '--email-domain=*',
    '--user-id-claim=sub',
    '--set-xauthrequest=true',
    '--upstream=static://202',
    `--redirect-url=http://127.0.0.1:${port}/oauth2/callback`,
    '--skip-provider-button=true',
    '--insecure-oidc-allow-unverified-email=true',
    '--standard-logging=false',
    '--auth-logging=false',
    '--request-logging=false',
  ];
}

/** The least of an OpenID provider: whoever's code it gets, it signs for. */
async function startProvider(port: number): Promise<{ url: string; close(): void }> {
  const url = `http://127.0.0.1:${port}`;
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const json: Record<string, object> = {
    '/.well-known/openid-configuration': {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/keys`,
      id_token_signing_alg_values_supported: ['RS256'],
    },
    '/keys': { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }] },
  };
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const code = new URLSearchParams(await text(req)).get('code');
    const found =
      code === null ? json[req.url!] : tokens(code, signToken(code, privateKey, { iss: url, aud: clientId }));
    res.setHeader('content-type', 'application/json').end(JSON.stringify(found ?? {}));
  };
  const server = createServer((req, res) => void answer(req, res));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  server.unref();
  return { url, close: () => server.close() };
}

function tokens(code: string, idToken: string): object {
  return { access_token: `at-${code}`, token_type: 'Bearer', expires_in: 7200, id_token: idToken };
}

/** Start and callback; returns the session cookie. */
async function signIn(port: number, user: string): Promise<string> {
  const start = await fetch(`http://127.0.0.1:${port}/oauth2/start?rd=/`, { redirect: 'manual' });
  const state = new URL(start.headers.get('location')!).searchParams.get('state')!;
  const callback = await fetch(
    `http://127.0.0.1:${port}/oauth2/callback?code=${user}&state=${encodeURIComponent(state)}`,
    {
      redirect: 'manual',
      headers: { cookie: pairs(start) },
    },
  );
  const session = pairs(callback);
  if (!session.includes('_oauth2_proxy=')) throw new Error(`oauth2-proxy did not sign in: ${callback.status}`);
  return session;
}

function pairs(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0]!)
    .filter((pair) => pair.indexOf('=') < pair.length - 1)
    .join('; ');
}
