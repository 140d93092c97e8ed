import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { levelAt, openServer, startCylcSite, startServer, stopServer } from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { promptlyMs, until } from '../helpers/until.ts';
import type { Visitor } from '../helpers/visitor.ts';

/** A starts, B opens, and the real UI server decides by B's name. */
describeWith(['cylc', 'root'], 'a shared server of the real Cylc', () => {
  let site: CylcSite;
  let [alice, bob]: string[] = [];
  let a: Visitor;
  let b: Visitor;

  beforeAll(async () => {
    site = await startCylcSite({ cylc: cylcBin() as string, people: 2 });
    [alice, bob] = site.people.map(({ name }) => name);
    a = await site.signIn(alice as string);
    b = await site.signIn(bob as string);
    await startServer(a, alice as string);
  });
  afterAll(() => site.close());

  async function share(fields: Record<string, string>): Promise<number> {
    const posted = Object.fromEntries(Object.entries(fields).map(([name, value]) => [`option.${name}`, value]));
    return (await a.submit(await a.get(`/hub/share/${alice}`), posted, /\/share\//)).status;
  }

  async function takeBack(): Promise<void> {
    await a.submit(await a.get(`/hub/share/${alice}`), {}, /unshare/);
  }

  async function subscribe(): Promise<WebSocket> {
    const socket = b.websocket(`/user/${alice}/cylc/subscriptions`, ['graphql-ws']);
    await once(socket, 'open');
    return socket;
  }

  test('the owner may do everything', async () => {
    expect(await levelAt(a, alice as string)).toBe('control');
  });

  test('nobody else gets in, by page or by WebSocket', async () => {
    expect((await openServer(b, alice as string)).status).toBe(403);
    const socket = b.websocket(`/user/${alice}/cylc/subscriptions`, ['graphql-ws']);
    socket.on('error', () => {});
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(answer.statusCode).toBe(403);
    socket.terminate();
  });

  test('a share to look reaches the running server: B looks, and may not act', async () => {
    expect(await share({ kind: 'user', grantee: bob as string, level: 'read' })).toBe(200);
    expect((await b.get('/hub/home')).body).toContain(`/user/${alice}/`);
    expect((await openServer(b, alice as string)).status).toBe(200);
    const profile = JSON.parse((await b.get(`/user/${alice}/cylc/userprofile`)).body) as Record<string, unknown>;
    expect(profile).toMatchObject({ username: bob, owner: alice, permissions: ['read'] });
    expect(await levelAt(b, alice as string)).toBe('read');
  });

  test('a changed level acts at once, though Cylc has met B', async () => {
    await share({ kind: 'user', grantee: bob as string, level: 'control' });
    await until(async () => (await levelAt(b, alice as string)) === 'control');
    await share({ kind: 'user', grantee: bob as string, level: 'read' });
    await until(async () => (await levelAt(b, alice as string)) === 'read');
  });

  test('taking it back closes B’s open WebSocket at once, and B is out', async () => {
    const socket = await subscribe();
    const begun = performance.now();
    const closed = once(socket, 'close') as Promise<[number]>;
    await takeBack();
    const [code] = await closed;
    expect(code).toBe(4403);
    expect(performance.now() - begun).toBeLessThan(promptlyMs);
    expect((await openServer(b, alice as string)).status).toBe(403);
  });

  test('a share with a group of the system counts for its members', async () => {
    const group = site.people[1]?.groups[0] as string;
    await share({ kind: 'group', grantee: group, level: 'control' });
    expect((await openServer(b, alice as string)).status).toBe(200);
    await until(async () => (await levelAt(b, alice as string)) === 'control');
    await takeBack();
  });

  test('neither Jupyter’s files nor its terminals are open to who may act', async () => {
    await share({ kind: 'user', grantee: bob as string, level: 'control' });
    await openServer(b, alice as string);
    for (const path of ['api/contents', 'api/terminals', 'api/kernels'])
      expect((await b.get(`/user/${alice}/${path}`, { headers: { accept: '*/*' } })).status).toBe(403);
    await takeBack();
  });

  test('B may start it only where A lets B', async () => {
    await share({ kind: 'user', grantee: bob as string, level: 'read' });
    await stopServer(a, alice as string);
    expect((await b.get(`/hub/spawn/${alice}`)).status).toBe(403);
    await share({ kind: 'user', grantee: bob as string, level: 'read', mayStart: 'on' });
    await startServer(b, alice as string);
    const profile = JSON.parse((await b.get(`/user/${alice}/cylc/userprofile`)).body) as Record<string, unknown>;
    expect(profile).toMatchObject({ username: bob, owner: alice });
    expect((await b.get('/hub/home')).status).toBe(200);
  });

  test('the sign-in that somebody left at hubapp shows the next person at that browser as themselves', async () => {
    await openServer(b, alice as string);
    const name = `jupyterhub-user-${alice}`;
    const left = b.cookie(name) ?? '';
    expect(left).not.toBe('');
    a.setCookie(name, left, `/user/${alice}/`);
    await openServer(a, alice as string);
    const profile = JSON.parse((await a.get(`/user/${alice}/cylc/userprofile`)).body) as Record<string, unknown>;
    expect(profile).toMatchObject({ username: alice });
  });

  test('who signs out is out of the other’s server at once, though hubapp remembers the sign-in', async () => {
    const socket = await subscribe();
    const closed = once(socket, 'close') as Promise<[number]>;
    const cookie = b.cookieHeader(`/user/${alice}/cylc/`);
    await b.submit(await b.get('/hub/home'), {}, /logout/);
    expect((await closed)[0]).toBe(4401);
    const again = await a.get(`/user/${alice}/cylc/userprofile`, { follow: false, headers: { cookie } });
    expect(again.status).not.toBe(200);
  });
});
