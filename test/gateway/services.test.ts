import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** Services of the site, through the program itself. */
const small = join(import.meta.dirname, '../helpers/smallService.ts');
const me = userInfo().username;
const apiToken = 'a-token-of-thirty-two-letters-or-more';
let gateway: GatewayProcess;
let visitor: Visitor;
let guest: Visitor;
let external: ChildProcess;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'services-'));
  const [port, helperPort] = [await freePort(), await freePort()];
  external = spawn(process.execPath, [small, String(port)], { stdio: 'ignore' });
  const command = [process.execPath, small, '{socket}'];
  const services = [
    { name: 'small', title: 'Small one', command, user: me, environment: { MINE: 'yes' }, scopes: ['list:users'] },
    { name: 'closed', command, user: me, groups: ['local:ops'] },
    { name: 'late', command, user: me, start: 'visit', idleS: 2 },
    {
      name: 'by-port',
      command: [process.execPath, small, String(helperPort)],
      user: me,
      url: `http://127.0.0.1:${helperPort}`,
    },
    { name: 'external', kind: 'external', url: `http://127.0.0.1:${port}`, apiToken, scopes: ['list:users'] },
    { name: 'broken', command: ['/no/such/program'], user: me, display: false },
    { name: 'beside', command, start: 'server' },
  ];
  gateway = await startGateway({
    env: {
      PATH: '/usr/bin:/bin',
      CYLC_GATEWAY_SERVICES: JSON.stringify(services),
      CYLC_GATEWAY_ACCESS__ADMINS: JSON.stringify(everybody()),
    },
  });
  const account = [...gateway.links().keys()][0] ?? '';
  [visitor, guest] = [await signIn(account), await signIn('guest')];
  await until(
    async () => (await visitor.get('/services/small/')).status === 200,
    60_000,
    () => gateway.output(),
  );
});
afterAll(async () => {
  external.kill();
  await gateway.end();
  await rm(folder, { recursive: true });
});

/** All accounts that may get a link, the guest aside. */
function everybody(): string[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':')[0] ?? '')
    .filter((name) => name !== '');
}

type Headers = Record<string, string>;
const header = 'x-cylc-gateway-identity';

/** What reaches a service of an upgrade. */
async function upgradeHeaders(as: Visitor, path: string, more: Headers): Promise<Headers> {
  const origin = gateway.origin;
  const headers = { ...more, connection: 'Upgrade', upgrade: 'websocket', origin, cookie: as.cookieHeader(path) };
  const asked = request(origin + path, { headers: { ...headers, ...handshake } }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(418);
  return JSON.parse(await text(answer)) as Headers;
}
const handshake = { 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };

async function signIn(account: string): Promise<Visitor> {
  const one = new Visitor(gateway.origin);
  await one.submit(await one.get(gateway.links().get(account) ?? ''));
  return one;
}

async function json(path: string, as = visitor): Promise<Record<string, string>> {
  return JSON.parse((await as.get(path)).body) as Record<string, string>;
}

test('a managed service is behind the same gate and hop as a server', async () => {
  expect((await new Visitor(gateway.origin).get('/services/small/', { headers: { accept: '*/*' } })).status).toBe(401);
  const headers = await json('/services/small/');
  expect(headers['x-forwarded-host']).toBe(new URL(gateway.origin).host);
  expect(headers['cookie'] ?? '').not.toContain('cylc-gateway');
});

test('it gets JupyterHub’s environment, and a token that its scopes let work', async () => {
  const env = await json('/services/small/env');
  expect(env).toMatchObject({
    JUPYTERHUB_SERVICE_NAME: 'small',
    JUPYTERHUB_SERVICE_PREFIX: '/services/small/',
    JUPYTERHUB_CLIENT_ID: 'service-small',
    JUPYTERHUB_OAUTH_CALLBACK_URL: '/services/small/oauth_callback',
    MINE: 'yes',
    USER: me,
  });
  const call = (path: string) =>
    fetch(`${env['JUPYTERHUB_API_URL']}${path}`, {
      headers: { authorization: `token ${env['JUPYTERHUB_API_TOKEN']}` },
    });
  expect(await (await call('/user')).json()).toMatchObject({ kind: 'service', name: 'small' });
  expect((await call('/users')).status).toBe(200);
  expect((await call('/proxy')).status).toBe(403);
});

/** The gateway's word on who the visitor is, checked as a service would, with nothing but the gateway's public keys. */
async function checked(token: string, audience: string) {
  const env = await json('/services/small/env');
  const keys = (await (await fetch(`${env['JUPYTERHUB_API_URL']}/cylc/keys`)).json()) as JSONWebKeySet;
  const expected = { issuer: `${gateway.origin}/hub`, audience, algorithms: ['EdDSA'], typ: 'cylc-identity+jwt' };
  return (await jwtVerify(token, createLocalJWKSet(keys), expected)).payload;
}

test.each(['page', 'upgrade'])('it is told who visits it, in a way that it can check (%s)', async (kind) => {
  const forged = { 'x-cylc-gateway-identity': 'forged' };
  const read = async (as: Visitor, service: string): Promise<string> => {
    if (kind === 'upgrade') return (await upgradeHeaders(as, `/services/${service}/`, forged))[header] ?? '';
    return (JSON.parse((await as.get(`/services/${service}/`, { headers: forged })).body) as Headers)[header] ?? '';
  };
  const own = await read(visitor, 'small');
  const claims = await checked(own, 'service-small');
  expect(claims).toMatchObject({ sub: [...gateway.links().keys()][0], admin: true });
  expect((claims.exp ?? 0) - Date.now() / 1000).toBeLessThanOrEqual(120);
  expect(await checked(await read(guest, 'small'), 'service-small')).toMatchObject({ sub: 'guest', admin: false });
  await expect(checked(own, 'service-by-port')).rejects.toThrow('aud');
});

test('the word on a visitor is no sign-in, neither here nor at the Hub', async () => {
  const word = (await json('/services/small/'))[header] ?? '';
  const cookie = visitor.cookieHeader('/').replace(/(cylc-gateway[\w-]*=)[\w-]+\.[\w-]+\.[\w-]+/, `$1${word}`);
  expect(cookie).toContain(word);
  for (const headers of [{ authorization: `Bearer ${word}` }, { authorization: `token ${word}` }, { cookie }]) {
    expect((await fetch(`${gateway.origin}/hub/api/user`, { headers })).status).toBe(403);
    expect([401, 403]).toContain((await fetch(`${gateway.origin}/services/small/`, { headers })).status);
  }
});

test('an external service has the token that the site gave it', async () => {
  expect((await json('/services/external/'))['x-forwarded-proto']).toBe('http');
  const answer = await fetch(`${gateway.origin}/hub/api/user`, { headers: { authorization: `token ${apiToken}` } });
  expect(await answer.json()).toMatchObject({ kind: 'service', name: 'external' });
});

test('one that listens at a port is reached there', async () => {
  await until(async () => (await visitor.get('/services/by-port/')).status === 200);
});

test('groups keep people out, and what one may open is on the home page', async () => {
  const refused = await guest.get('/services/closed/');
  expect(refused.status).toBe(403);
  expect(refused.body).toContain('It is for members of some groups');
  const home = (await guest.get('/hub/home')).body;
  expect(home).toContain('Small one');
  expect(home).not.toContain('/services/closed/');
  expect((await guest.get('/hub/services')).status).toBe(403);
});

test('one that waits for a visit starts on the first, and the visitor sees it', async () => {
  const first = await json('/services/late/');
  expect((await json('/services/late/'))['pid']).toBe(first['pid']);
});

test('it ends after a time without visits, and starts anew on the next', async () => {
  const before = await json('/services/late/');
  await until(() => !isAlive(Number(before['pid'])));
  expect((await json('/services/late/'))['pid']).not.toBe(before['pid']);
});

test('one that dies comes back by itself', async () => {
  const { pid } = await json('/services/small/');
  await visitor.get('/services/small/die');
  const back = await until(async () => {
    const answer = await visitor.get('/services/small/');
    return answer.status === 200 ? answer : undefined;
  });
  expect((JSON.parse(back.body) as { pid: number }).pid).not.toBe(pid);
});

test('an admin sees why one does not run, reads its log, and restarts one', async () => {
  const page = await visitor.get('/hub/services');
  expect(page.body).toMatch(/it ended with code 12\d/);
  expect(page.body).toContain('small service listens');
  expect((await visitor.get('/services/broken/')).status).toBe(404);
  const { pid } = await json('/services/by-port/');
  await visitor.post('/hub/services', { _csrf: csrf(page.body), service: 'by-port' });
  expect((await json('/services/by-port/'))['pid']).not.toBe(pid);
});

test('the box in the options starts one beside the server, as its owner, and stops it with the server', async () => {
  const owner = [...gateway.links().keys()][0] ?? '';
  await visitor.submit(await visitor.get('/hub/spawn'), { 'option.with-beside': 'on' }, /spawn/);
  const answer = await until(async () => {
    const page = await visitor.get(`/user/${owner}/beside/env`, { headers: { accept: '*/*' } });
    return page.status === 200 && page.body.startsWith('{') ? page : undefined;
  }, 20_000);
  expect(JSON.parse(answer.body)).toMatchObject({ USER: owner, JUPYTERHUB_SERVICE_PREFIX: `/user/${owner}/beside/` });
  expect((await guest.get(`/user/${owner}/beside/`)).status).toBe(403);
  await visitor.submit(await visitor.get('/hub/home'), {}, /stop/);
  const { pid } = JSON.parse(answer.body) as { pid: number };
  await until(() => !isAlive(pid));
});

test('they end with the gateway, even when it is killed', async () => {
  const { pid } = await json('/services/small/');
  await gateway.end('SIGKILL');
  await until(() => !isAlive(Number(pid)));
  expect(await readFile(join(gateway.dataDir, 'logs/service+small.log'), 'utf8')).toContain('listens at');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function csrf(body: string): string {
  return /action="\/hub\/services"><input type="hidden" name="_csrf" value="([^"]+)"/.exec(body)?.[1] ?? '';
}
