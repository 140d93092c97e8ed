import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { promptlyMs, until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

const withoutCylc = { PATH: '/usr/bin:/bin' };

describe('what a start refuses', () => {
  test('sign-in links beyond loopback, unless told to', async () => {
    const refused = await startGateway({ args: ['--host', '0.0.0.0'], env: withoutCylc });
    expect(await refused.end()).toBe(78);
    expect(refused.output()).toMatch(/not on 0\.0\.0\.0[^]*→ [^]*dangerouslyBeyondLoopback/);
    const told = ['--host', '0.0.0.0', '--set', 'identity.links.dangerouslyBeyondLoopback=true'];
    const gateway = await startGateway({ args: told, env: withoutCylc });
    expect(gateway.links().size).toBeGreaterThan(1);
    expect(await gateway.end()).toBe(0);
  });

  test.each([
    ['sign-ins over plain HTTP', '{ publicUrl: "http://cylc.example.org", listen: { host: 0.0.0.0 } }', /plain HTTP/],
    [
      'plain HTTP behind a loopback listener',
      'publicUrl: "http://cylc.example.org"',
      /plain HTTP[^]*dangerouslyAllowHttp/,
    ],
    [
      'plain HTTP at the origins of accounts',
      '{ publicUrl: "http://localhost", userDomain: users.example.org }',
      /users\.example\.org over plain HTTP/,
    ],
    ['all interfaces without an address', 'listen: { host: 0.0.0.0 }', /set publicUrl to the address people type/i],
    [
      'an address of this host without publicUrl',
      'listen: { host: "::" }',
      /set publicUrl to the address people type/i,
    ],
    [
      'all interfaces by plain HTTP, for people on this machine alone',
      '{ publicUrl: "http://localhost:8000", listen: { host: 0.0.0.0 } }',
      /listens on 0\.0\.0\.0 over plain HTTP/,
    ],
    [
      'keys over plain HTTP',
      'identity: { issuers: [{ issuer: i, audience: a, cookie: c, jwksUrl: "http://keys.example/jwks" }] }',
      /over plain http: http:\/\/keys\.example/,
    ],
    ['a provider on plain HTTP', 'identity: { oidc: { issuer: "http://idp.example", clientId: x } }', /plain http/],
    [
      'a secret that all can read',
      'identity: { oidc: { issuer: "https://i", clientId: x, clientSecretFile: FILE } }',
      /read by everybody/,
    ],
    ['an issuer named twice', 'identity: { issuers: [ONE, ONE] }', /twice/],
    [
      'a key file that is none',
      'identity: { issuers: [{ issuer: i, audience: a, cookie: c, jwksFile: FILE }] }',
      /cannot be used/,
    ],
  ])('%s', async (_, yaml, words) => {
    const folder = dataFolder('guard');
    const secret = join(folder, 'secret');
    await writeFile(secret, 'x', { mode: 0o644 });
    const one = '{ issuer: "https://i", audience: a, cookie: c }';
    await writeFile(join(folder, 'gateway.yaml'), yaml.replaceAll('ONE', one).replaceAll('FILE', secret));
    const refused = await startGateway({ dataDir: folder, env: withoutCylc });
    expect(await refused.end()).toBe(78);
    expect(refused.output()).toMatch(words);
  });
});

describe('while it runs', () => {
  let gateway: GatewayProcess;
  let owner: string;

  beforeAll(async () => {
    gateway = await startGateway({ env: withoutCylc });
    owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
  });
  afterAll(() => gateway.end());

  async function signIn(): Promise<Visitor> {
    // The links of one start are used up: each sign-in takes those of a new one, on the same records.
    const visitor = new Visitor(gateway.origin);
    const port = Number(new URL(gateway.origin).port);
    await gateway.end('SIGKILL');
    gateway = await startGateway({ env: withoutCylc, port, dataDir: gateway.dataDir });
    await visitor.submit(await visitor.get(gateway.links().get(owner) ?? ''));
    return visitor;
  }

  test('a browser that does not keep the sign-in is told so, and is not sent round in circles', async () => {
    const page = await new Visitor(gateway.origin).get('/hub/login?turn=1&next=/hub/home');
    expect([page.status, page.body]).toEqual([401, expect.stringContaining('did not send the sign-in along')]);
  });

  test('a browser with planted cookies is signed in as long as the good one is among the first; else it is told', async () => {
    const visitor = await signIn();
    const good = `cylc-gateway=${visitor.cookie('cylc-gateway')}`;
    const ask = (path: string, planted: number) => {
      const cookie = [...Array.from({ length: planted }, () => 'cylc-gateway=planted'), good].join('; ');
      return new Visitor(gateway.origin).get(path, { headers: { cookie }, follow: false });
    };
    expect((await ask('/hub/home', 3)).status).toBe(200);
    expect((await ask('/hub/home', 4)).status).not.toBe(200);
    const page = await ask('/hub/login?turn=1&next=/hub/home', 4);
    expect([page.status, page.body]).toEqual([401, expect.stringContaining('several cookies of one name')]);
  });

  test('one that is sent back again and again, though it is signed in, is told so too', async () => {
    const visitor = await signIn();
    const statuses: number[] = [];
    for (let turns = 0; turns < 5; turns += 1)
      statuses.push((await visitor.get('/hub/login?next=/user/x/', { follow: false })).status);
    expect(statuses).toContain(508);
    expect((await visitor.get('/hub/home')).status).toBe(200);
  });

  test('the end of a session on the sessions page closes its sockets and no other’s, and its tokens die, within a second; so does a block', async () => {
    const [victim, other] = [await signIn(), await signIn()];
    await victim.submit(await victim.get('/hub/spawn'), {}, /spawn/);
    const server = `/user/${owner}/`;
    await until(
      async () => (await victim.get(server)).body.includes('stand-in'),
      60_000,
      () => gateway.output(),
    );
    expect((await other.get(server)).body).toContain('stand-in');
    const sid = victim.cookie('jupyterhub-session-id') ?? '';
    const sockets = [victim, other].map((visitor) =>
      visitor.websocket(`${server}cylc/subscriptions`, ['graphql-transport-ws']),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'open')));
    const closed = sockets.map((socket) => once(socket, 'close').then(([code]) => [Number(code), Date.now()]));
    const page = await other.get('/hub/sessions');
    const form = page.body.split('<form').find((part) => part.includes(`value="${sid}"`)) ?? '';
    const endedAt = Date.now();
    await other.submit({ ...page, body: `<form${form}` }, {}, /sessions\/end/);
    const [code = 0, at = 0] = (await closed[0]) ?? [];
    expect([code, at - endedAt < promptlyMs]).toEqual([4401, true]);
    expect((await victim.get('/hub/home', { follow: false })).status).toBe(302);
    await until(async () => !(await tokenSessions()).includes(sid));
    expect(await Promise.race([closed[1]?.then(() => 'closed'), until(later(500))])).toBe(true);
    const blockedAt = Date.now();
    await block(owner);
    const [blockCode = 0, blockAt = 0] = (await closed[1]) ?? [];
    expect([[4401, 4403].includes(blockCode), blockAt - blockedAt < promptlyMs]).toEqual([true, true]);
    expect((await other.get('/hub/home', { follow: false })).status).not.toBe(200);
  });

  async function tokenSessions(): Promise<(string | null)[]> {
    const state = JSON.parse(await readFile(join(gateway.dataDir, 'state.json'), 'utf8')) as {
      tokens: Record<string, { sessionId: string | null }>;
    };
    return Object.values(state.tokens).map(({ sessionId }) => sessionId);
  }

  /** As an admin does it, with an editor. */
  async function block(account: string): Promise<void> {
    const path = join(gateway.dataDir, 'admin.json');
    const admin = JSON.parse(await readFile(path, 'utf8')) as { accounts: Record<string, object> };
    const accounts = { ...admin.accounts, [account]: { ...admin.accounts[account], blocked: true } };
    await writeFile(path, JSON.stringify({ ...admin, accounts }, null, 2));
  }
});

function later(ms: number): () => boolean {
  const at = Date.now() + ms;
  return () => Date.now() > at;
}
