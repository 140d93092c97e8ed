import { once } from 'node:events';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { runCommand } from '../helpers/command.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** Tokens made on the page, at the addresses of servers: every kind of caller, by page load and by WebSocket upgrade. */
let gateway: GatewayProcess;
let owner: string;
const visitors = new Map<string, Visitor>();
const tokens = new Map<string, string>();

beforeAll(async () => {
  const small = join(import.meta.dirname, '../helpers/smallService.ts');
  const command = [process.execPath, small, '{socket}'];
  const services = [{ name: 'closed', command, user: userInfo().username, groups: ['local:ops'] }];
  gateway = await startGateway({ env: { PATH: '/usr/bin:/bin', CYLC_GATEWAY_SERVICES: JSON.stringify(services) } });
  owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
  const words = ['groups', 'add', 'ops', '--member', owner, '--data', gateway.dataDir];
  expect(await runCommand(words, { cwd: gateway.dataDir })).toMatchObject({ code: 0 });
  for (const account of [owner, 'guest']) {
    const visitor = new Visitor(gateway.origin);
    await visitor.submit(await visitor.get(gateway.links().get(account) ?? ''));
    visitors.set(account === owner ? 'owner' : 'guest', visitor);
    // Who has no account on the system can run no server, so cannot let a token do so.
    for (const may of account === owner ? ['look', 'open', 'all'] : ['look', 'all'])
      tokens.set(`${account === owner ? 'owner' : 'guest'}-${may}`, await make(visitor, may));
  }
  tokens.set('junk', 'cgw_junk');
  const visitor = visitors.get('owner');
  await visitor?.submit(await visitor.get('/hub/spawn'), {}, /spawn/);
  await until(
    async () => (await ask('owner-all', `/user/${owner}/api`)) === 200,
    60_000,
    () => gateway.output(),
  );
});
afterAll(() => gateway.end());

/** As on the page: the form, its button, and what is shown once. */
async function make(visitor: Visitor, may: string): Promise<string> {
  const made = await visitor.submit(
    await visitor.get('/hub/token'),
    { 'option.may': may, 'option.note': may },
    /token$/,
  );
  const token = /cgw_[\w-]+/.exec(made.body)?.[0];
  if (token === undefined) throw new Error(made.body);
  return token;
}

function headersOf(caller: string, path: string): Record<string, string> {
  const visitor = visitors.get(caller);
  if (visitor !== undefined) return { cookie: visitor.cookieHeader(path) };
  const token = tokens.get(caller);
  return token === undefined ? {} : { authorization: `token ${token}` };
}

async function ask(caller: string, path: string): Promise<number> {
  const headers = { accept: 'application/json', ...headersOf(caller, path) };
  return (await fetch(gateway.origin + path, { headers, redirect: 'manual' })).status;
}

/** Status of the answer to an upgrade; 101 where it was made. */
async function upgrade(caller: string, path: string): Promise<number> {
  const socket = new WebSocket(gateway.origin.replace(/^http/, 'ws') + path, { headers: headersOf(caller, path) });
  socket.on('error', () => {});
  const refused = once(socket, 'unexpected-response').then(([, { statusCode }]) => statusCode as number);
  const status = await Promise.race([
    refused,
    once(socket, 'open').then(() => 101),
    once(socket, 'close').then(() => 0),
  ]);
  socket.terminate();
  return status;
}

const callers = [
  'nobody',
  'junk',
  'owner',
  'owner-look',
  'owner-open',
  'owner-all',
  'guest',
  'guest-look',
  'guest-all',
];
/** Only these may open the owner's server. Being an admin opens nobody else's. */
const welcome = ['owner', 'owner-open', 'owner-all'];

/** Who reaches what. The service is for members of a group. */
const openTo = {
  owner: welcome,
  named: welcome,
  guest: ['guest', 'guest-all'],
  unknown: [],
  service: ['owner', 'owner-all'],
} as const satisfies Record<string, readonly string[]>;

test('only who may open a server or service reaches it, and what is refused to a page load is refused to an upgrade', async () => {
  const faults: string[] = [];
  for (const caller of callers)
    for (const [target, path] of [
      ['service', '/services/closed/'],
      ['owner', `/user/${owner}/api`],
      ['named', `/user/${owner}/nowcast/api`],
      ['guest', '/user/guest/api'],
      ['unknown', '/user/nobody-known/api'],
    ] as const) {
      const [page, socket] = [await ask(caller, path), await upgrade(caller, path)];
      const theirs = openTo[target];
      const wanted = caller === 'nobody' || caller === 'junk' ? 401 : 403;
      const right = (theirs as readonly string[]).includes(caller)
        ? ![401, 403].includes(page) && ![401, 403].includes(socket)
        : page === wanted && socket === wanted;
      if (!right) faults.push(`${caller} at ${target}: ${page} as a page, ${socket} as a socket`);
    }
  expect(faults).toEqual([]);
});

test('no address of the Hub itself takes an upgrade, whoever asks', async () => {
  for (const caller of callers)
    for (const path of ['/hub/api/users', `/hub/api/users/${owner}/server/progress`, '/hub/home'])
      expect([400, 401, 403, 404, 426], `${caller} at ${path}`).toContain(await upgrade(caller, path));
});

test('a token in the address of a page opens nothing; by an upgrade it opens what it would in a header', async () => {
  const path = `/user/${owner}/api`;
  for (const caller of ['nobody', 'owner'] as const)
    expect(await ask(caller, `${path}?token=${tokens.get('owner-all')}`)).toBe(400);
  expect(await upgrade('nobody', `${path}?token=${tokens.get('owner-all')}`)).toBe(await upgrade('owner-all', path));
  expect(await upgrade('nobody', `${path}?token=${tokens.get('guest-all')}`)).toBe(403);
  expect(await upgrade('nobody', `${path}?token=cgw_${'x'.repeat(43)}`)).toBe(401);
  expect(await ask('nobody', `/hub/api/user?token=${tokens.get('owner-all')}`)).toBe(403);
});

test('a token that is revoked on the page is good for nothing at once', async () => {
  const visitor = visitors.get('owner');
  if (visitor === undefined) throw new Error('nobody is signed in');
  const page = await visitor.get('/hub/token');
  const id = /name="token" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
  const before = await statuses();
  await visitor.submit(page, { token: id }, /revoke$/);
  const after = await statuses();
  expect(before).toEqual([200, 200]);
  expect(after).toContain(403);
  expect(gateway.output()).not.toMatch(/cgw_[\w-]{20}/);
});

/** Of the tokens that may open the owner's server, at the API. */
function statuses(): Promise<number[]> {
  return Promise.all(['owner-open', 'owner-all'].map((caller) => ask(caller, '/hub/api/user')));
}
