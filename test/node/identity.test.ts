import { chmod, mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { createAccounts } from '../../src/identity/accounts.ts';
import { createIdentity } from '../../src/identity/createIdentity.ts';
import type { IdentityRoom } from '../../src/identity/createIdentity.ts';
import type { SessionEnd } from '../../src/identity/sessions.ts';
import type { AdminData, StateData } from '../../src/store/schema.ts';
import type { Store } from '../../src/store/types.ts';
import { openStore } from '../../src/store/open.ts';
import { clientOf } from '../../src/listen/clientAddress.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import { createLog } from '../../src/telemetry/log.ts';

/** The whole way of a first run over real HTTP: link, confirmation, provider, callback, session. */

const quiet = createLog({ level: 'error', format: 'json' });
const clock = { now: () => Date.now() };
let dataDir: string;
let origin: string;
let room: IdentityRoom;
let store: Store<AdminData, StateData>;
const server = createServer();

async function build(): Promise<IdentityRoom> {
  return createIdentity({
    config: configSchema.parse({}),
    publicUrl: `${origin}/gw`,
    localOrigin: () => origin,
    dataDir,
    store,
    firstRun: true,
    clientOf,
    pamPool: () => createJobPool({ jobs: 'pam' }),
    accounts: createAccounts({ admin: store.admin, clock, firstRun: true }),
    clock,
    log: quiet,
  });
}

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gw-identity-'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  store = await openStore({ dataDir, clock, log: quiet });
  room = await build();
  server.removeAllListeners('request').on('request', (request, response) => {
    if (request.url?.startsWith('/gw/hub/oidc/') === true) return room.provider(request, response);
    void getRequestListener(new Hono().route('/gw/hub', room.app).fetch)(request, response);
  });
});

afterEach(async () => {
  room.close();
  await store.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dataDir, { recursive: true });
});

/** A page load: what `fetch` sends says that a script asked. */
async function load(
  url: URL,
  { method = 'GET', body }: RequestInit,
  headers: Record<string, string>,
): Promise<Response> {
  const form = body instanceof URLSearchParams ? body.toString() : null;
  const type = form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await request(url, { method: method as 'GET', headers: { ...type, ...headers }, body: form });
  const lines = Object.entries(answer.headers).flatMap(([name, value = '']) =>
    [value].flat().map((line): [string, string] => [name, line]),
  );
  return new Response(await answer.body.text(), { status: answer.statusCode, headers: lines });
}

/** A browser as far as this needs one: cookies by path, redirects one by one. */
function createBrowser() {
  const jar = new Map<string, { value: string; path: string }>();
  const cookie = (path: string): string =>
    [...jar].flatMap(([name, kept]) => (path.startsWith(kept.path) ? [`${name}=${kept.value}`] : [])).join('; ');
  async function go(url: string, init: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(url, origin);
    const headers = { 'sec-fetch-mode': 'navigate', ...(init.headers as object), cookie: cookie(pathname) };
    const response = await load(new URL(url, origin), init, headers);
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, { value, path: /path=([^;]+)/i.exec(line)?.[1] ?? '/' });
    }
    return response;
  }
  async function follow(first: Response): Promise<string> {
    let response = first;
    for (let hops = 0; hops < 10 && response.status >= 300 && response.status < 400; hops += 1) {
      const to = response.headers.get('location') ?? '';
      if (to.endsWith('/user/alice/')) return to;
      response = await go(to);
    }
    return `${response.status} ${await response.text()}`;
  }
  return { jar, cookie, go, follow };
}

type Browser = ReturnType<typeof createBrowser>;

function press(browser: Browser, link: string, headers: Record<string, string> = {}): Promise<Response> {
  const body = new URLSearchParams({ link: new URL(link).searchParams.get('link') ?? '', next: '/gw/user/alice/' });
  return browser.go('/gw/hub/login', { method: 'POST', body, headers: { origin, ...headers } });
}

async function guestLink(): Promise<string> {
  return (await room.signInLinks()).find((link) => link.kind === 'guest')?.url ?? '';
}

test('a link signs in once, and looking at it does not use it up', async () => {
  const browser = createBrowser();
  const link = await guestLink();
  for (let looks = 0; looks < 3; looks += 1)
    expect(await (await browser.go(link)).text()).toContain('Sign in as Guest');
  expect(await browser.follow(await press(browser, link))).toBe('/gw/user/alice/');
  expect(await room.identify({ cookie: browser.cookie('/'), authorization: undefined })).toMatchObject({
    ok: true,
    value: { account: { name: 'guest', visitor: true }, via: 'cookie' },
  });
  expect(room.identify({ cookie: browser.cookie('/'), authorization: undefined })).not.toBeInstanceOf(Promise);
  expect((await press(createBrowser(), link)).status).toBe(403);
  expect([...browser.jar.keys()].some((name) => name.startsWith('cylc-gateway-login-'))).toBe(false);
});

test('a form of another site cannot sign anyone in', async () => {
  const link = await guestLink();
  expect((await press(createBrowser(), link, { origin: 'https://evil.example' })).status).toBe(403);
  expect((await press(createBrowser(), link, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await press(createBrowser(), link, { 'sec-fetch-mode': 'cors' })).status, 'nor a script').toBe(403);
  expect((await press(createBrowser(), link)).status).toBe(303);
});

test('sign-out ends the session at once, and tells who listens', async () => {
  const browser = createBrowser();
  await browser.follow(await press(browser, await guestLink()));
  const cookie = browser.cookie('/');
  const ends: SessionEnd[] = [];
  room.sessions.onEnd((end) => ends.push(end));
  expect(await (await browser.go('/gw/hub/logout')).text()).toContain('<form');
  const picture = { 'sec-fetch-site': 'same-origin', 'sec-fetch-dest': 'image' };
  expect(await (await browser.go('/gw/hub/logout', { headers: picture })).text()).toContain('<form');
  expect(ends, 'a picture on a page of somebody’s server is no click').toEqual([]);
  await browser.go('/gw/hub/logout', { method: 'POST', headers: { origin } });
  expect(await room.identify({ cookie, authorization: undefined })).toMatchObject({ ok: false });
  expect(ends).toMatchObject([{ account: 'guest', reason: 'logout' }]);
});

test('a restart and a rotation of keys log nobody out; a block does', async () => {
  const browser = createBrowser();
  await browser.follow(await press(browser, await guestLink()));
  const who = { cookie: browser.cookie('/'), authorization: undefined };
  await room.keyring.rotate();
  room.close();
  room = await build();
  expect(await room.identify(who)).toMatchObject({ ok: true });
  await store.admin.update((draft) => {
    draft.accounts['guest'] = { blocked: true };
  });
  expect(await room.identify(who)).toMatchObject({ ok: false });
});

test('of two cookies of one name the good one counts', async () => {
  const browser = createBrowser();
  await browser.follow(await press(browser, await guestLink()));
  const cookie = `cylc-gateway=stale; ${browser.cookie('/')}`;
  expect(await room.identify({ cookie, authorization: undefined })).toMatchObject({ ok: true });
});

test('the key file is 0600, and a loose one is refused', async () => {
  const path = join(dataDir, 'identity-keys.json');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await chmod(path, 0o640);
  await expect(build()).rejects.toThrow(/can be read by others/);
});
