import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** JupyterHub's calls of shares and share codes, against the program itself. */
let gateway: GatewayProcess;
let owner: string;
let visitor: Visitor;
let guest: Visitor;
let token: string;
let guestToken: string;

beforeAll(async () => {
  gateway = await startGateway({ env: { PATH: '/usr/bin:/bin' } });
  owner = [...gateway.links().keys()][0] ?? '';
  [visitor, guest] = [await signIn(owner), await signIn('guest')];
  [token, guestToken] = [await makeToken(visitor), await makeToken(guest)];
});
afterAll(() => gateway.end());

async function makeToken(of: Visitor): Promise<string> {
  const page = await of.get('/hub/token');
  const made = await of.submit(page, { 'option.note': 'shares', 'option.may': 'all' }, /token$/);
  const found = /cgw_[\w-]{40,}/.exec(made.body)?.[0];
  if (found === undefined) throw new Error(`no token on the page:\n${made.body}`);
  return found;
}

/** What the guest gets for trying that with the owner's server. */
async function asGuest(method: string, body?: unknown): Promise<number> {
  return (await call(method, `/users/${owner}/server`, body, guestToken)).status;
}

async function signIn(account: string): Promise<Visitor> {
  const one = new Visitor(gateway.origin);
  await one.submit(await one.get(gateway.links().get(account) ?? ''));
  return one;
}

async function call(method: string, path: string, body?: unknown, bearer = token) {
  const answer = await fetch(`${gateway.origin}/hub/api${path}`, {
    method,
    headers: { authorization: `token ${bearer}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
}

const opens = async (): Promise<number> => (await guest.get(`/user/${owner}/`)).status;

test('a share lets its user in, is listed, and ends', async () => {
  expect(await opens()).toBe(403);
  const made = await call('POST', `/shares/${owner}/`, { user: 'guest', level: 'control', expires_in: 3600 });
  expect(made).toMatchObject({ status: 200, json: { kind: 'user', user: { name: 'guest' }, group: null } });
  expect(made.json).toMatchObject({ scopes: [`access:servers!server=${owner}/`], level: 'control' });
  expect(made.json['server']).toMatchObject({ user: { name: owner }, name: '', url: `/user/${owner}/`, ready: false });
  expect(await opens()).toBe(424);
  const listed = await call('GET', `/shares/${owner}`);
  expect(listed.json).toMatchObject({ items: [{ kind: 'user' }], _pagination: { total: 1, next: null } });
  expect((await call('PATCH', `/shares/${owner}/`, { user: 'guest' })).json).toEqual({});
  expect(await opens()).toBe(403);
});

test('the start is shared by a scope, and taken back by it', async () => {
  const scopes = ['access:servers', 'start:servers'];
  await call('POST', `/shares/${owner}/`, { user: 'guest', scopes });
  expect((await guest.get(`/hub/spawn/${owner}`)).status).toBe(200);
  for (const body of [{ args: '--debug' }, { user_options: { args: '--debug' } }, { display_name: 'Mine now' }])
    expect(await asGuest('POST', body), 'the owner’s alone').toBe(403);
  for (const method of ['PUT', 'PATCH']) expect(await asGuest(method, { display_name: 'x' })).toBe(403);
  expect(await asGuest('DELETE')).toBe(403);
  expect([201, 202]).toContain(await asGuest('POST'));
  await until(async () => (await call('GET', `/users/${owner}/server`)).json['ready'] === true);
  await call('DELETE', `/users/${owner}/server`);
  await until(async () => (await call('GET', `/users/${owner}/server`)).json['stopped'] === true);
  await call('PATCH', `/shares/${owner}/`, { user: 'guest', scopes: [`start:servers!server=${owner}/`] });
  expect(await asGuest('POST')).toBe(403);
  expect((await guest.get(`/hub/spawn/${owner}`)).status).toBe(403);
  expect((await call('DELETE', `/shares/${owner}/`)).status).toBe(204);
  expect(await opens()).toBe(403);
});

test.each<[string, unknown, number]>([
  ['nobody', {}, 400],
  ['two', { user: 'guest', group: 'wx' }, 400],
  ['an unknown person', { user: 'no-such-person' }, 400],
  ['an unknown group', { group: 'no-such-group' }, 400],
  ['oneself', { user: 'SELF' }, 400],
  ['another scope', { user: 'guest', scopes: ['admin:users'] }, 400],
  ['another server', { user: 'guest', scopes: ['access:servers!server=other/'] }, 400],
  ['an unknown field', { user: 'guest', colour: 'red' }, 400],
])('refused: a share with %s', async (_, body, status) => {
  const asked = JSON.parse(JSON.stringify(body).replace('SELF', owner)) as unknown;
  expect((await call('POST', `/shares/${owner}/`, asked)).status).toBe(status);
});

test('what is another’s is not found, and a server that does not exist neither', async () => {
  // Asked by the guest: whoever started the gateway may be its admin.
  expect((await call('GET', `/shares/${owner}`, undefined, guestToken)).status).toBe(404);
  expect((await call('POST', `/shares/${owner}/nowhere`, { user: 'guest' })).status).toBe(404);
  expect((await call('GET', `/users/${owner}/shared/guest/`, undefined, guestToken)).status).toBe(404);
});

test('a share code is good for a share and for nothing else', async () => {
  const made = await call('POST', `/share-codes/${owner}/`, { level: 'control' });
  const { code, accept_url: url, id } = made.json as Record<string, string>;
  expect(made).toMatchObject({ status: 200, json: { exchange_count: 0, last_exchanged_at: null } });
  const asToken = await fetch(`${gateway.origin}/hub/api/user`, { headers: { authorization: `token ${code}` } });
  expect(asToken.status).toBe(403);
  expect((await visitor.get(url ?? '')).status).toBe(403);
  const page = await guest.get(url ?? '');
  expect(page.body).toContain(`${owner} shares it`);
  await guest.submit(page, {}, /accept-share/);
  expect(await opens()).toBe(424);
  const [listed] = (await call('GET', `/share-codes/${owner}/`)).json['items'] as Record<string, unknown>[];
  expect(listed).toMatchObject({ id, exchange_count: 1 });
  expect(listed).not.toHaveProperty('code');
  expect((await call('DELETE', `/share-codes/${owner}/?id=${id}`)).status).toBe(204);
  expect((await call('DELETE', `/share-codes/${owner}/?id=${id}`)).status).toBe(404);
  expect((await guest.get(url ?? '')).status).toBe(404);
  expect(await opens(), 'the share that was made stays').toBe(424);
});
