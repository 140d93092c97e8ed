import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { createAccounts } from '../../src/identity/accounts.ts';
import { createIdentity } from '../../src/identity/createIdentity.ts';
import type { IdentityRoom } from '../../src/identity/createIdentity.ts';
import type { SessionKeeper } from '../../src/identity/sessions.ts';
import { clientOf } from '../../src/listen/clientAddress.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import { openStore } from '../../src/store/open.ts';
import type { AdminData, StateData } from '../../src/store/schema.ts';
import type { Store } from '../../src/store/types.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { Visitor } from '../helpers/visitor.ts';

/** Sessions that outlive their token, keys that outlive none, and time as the test wants it. */
const clock = { offsetMs: 0, now: () => Date.now() + clock.offsetMs };
const log = createLog({ level: 'error', format: 'json' });
const dayMs = 24 * 3_600_000;
let dataDir: string;
let origin: string;
let store: Store<AdminData, StateData>;
let room: IdentityRoom;
const server = createServer();

beforeEach(async () => {
  clock.offsetMs = 0;
  dataDir = shortFolder('renewal');
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  store = await openStore({ dataDir, clock, log });
  room = await createIdentity({
    config: configSchema.parse({}),
    publicUrl: origin,
    localOrigin: () => origin,
    dataDir,
    store,
    firstRun: true,
    clientOf,
    pamPool: () => createJobPool({ jobs: 'pam' }),
    accounts: createAccounts({ admin: store.admin, clock, firstRun: true }),
    clock,
    log,
  });
  const listener = getRequestListener(new Hono().route('/hub', room.app).fetch);
  server.removeAllListeners('request').on('request', (request, response) => {
    if (request.url?.startsWith('/hub/oidc/') === true) room.provider(request, response);
    else void listener(request, response);
  });
});
afterEach(async () => {
  room.close();
  await store.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(dataDir, { recursive: true });
});

async function signedIn(): Promise<Visitor> {
  const visitor = new Visitor(origin);
  const link = (await room.signInLinks()).find(({ kind }) => kind === 'guest')?.url ?? '';
  await visitor.submit(await visitor.get(link), {}, /login$/);
  expect(await isIn(visitor)).toBe(true);
  return visitor;
}

async function isIn(visitor: Visitor): Promise<boolean> {
  return (await room.identify({ cookie: visitor.cookieHeader('/'), authorization: undefined })).ok;
}

const sessionOf = (visitor: Visitor): string => visitor.cookie('jupyterhub-session-id') ?? '';
const keeper = (): SessionKeeper => room.sessions as SessionKeeper;

test('a session renewed in the background outlives its token: the browser gets a new one by the way, with the same id', async () => {
  const visitor = await signedIn();
  const [id, token] = [sessionOf(visitor), visitor.cookie('cylc-gateway')];
  await keeper().renew(id, clock.now() + 2 * dayMs, undefined);
  clock.offsetMs += dayMs;
  expect(await isIn(visitor)).toBe(false);
  const back = await visitor.get('/hub/login?next=/hub/spawn', { follow: false });
  expect([back.status, back.headers['location']]).toEqual([303, '/hub/spawn']);
  expect(await isIn(visitor)).toBe(true);
  expect([sessionOf(visitor), visitor.cookie('cylc-gateway') === token]).toEqual([id, false]);
});

test('a session that has ended is not brought back by its old token', async () => {
  const [ended, expired] = [await signedIn(), await signedIn()];
  await keeper().renew(sessionOf(ended), clock.now() + 2 * dayMs, undefined);
  await room.sessions.revoke(sessionOf(ended), 'test');
  clock.offsetMs += dayMs;
  for (const visitor of [ended, expired]) {
    await visitor.get('/hub/login?next=/hub/spawn', { follow: false });
    expect(await isIn(visitor)).toBe(false);
  }
});

test('keys are replaced in time, and nobody is signed out by it', async () => {
  const before = await signedIn();
  const keys = room.keyring.publicSet().keys.length;
  await keeper().renew(sessionOf(before), clock.now() + 400 * dayMs, undefined);
  await before.get('/hub/login', { follow: false });
  await room.keyring.rotate();
  expect(room.keyring.publicSet().keys.length).toBe(keys + 1);
  expect(await isIn(before)).toBe(true);
  expect(await isIn(await signedIn())).toBe(true);
});
