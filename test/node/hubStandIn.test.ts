import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHubFront } from '../helpers/hubFront.ts';
import type { HubFront } from '../helpers/hubFront.ts';
import { createHubWorld, makeShare, testCookie } from '../helpers/hubWorld.ts';
import type { HubWorld } from '../helpers/hubWorld.ts';
import { aliceKey, startDance } from '../helpers/oauthDance.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

let world: HubWorld;
let front: HubFront;
let server: ChildProcess;

const program = join(import.meta.dirname, '../../workers/ui-server/main.ts');

beforeAll(async () => {
  world = await createHubWorld({ realClock: true });
  world.shares.push(makeShare('alice', 'bob'));
  const sock = join(world.runtimeDir, 'ui.sock');
  front = await startHubFront(() => world, sock);
  const { env } = await startDance(world);
  server = spawn(process.execPath, [program, `--sock=${sock}`], {
    env: { ...env, HOME: world.runtimeDir, USER: 'alice', LOGNAME: 'alice' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  await until(() => world.hub.contract.lastContact(aliceKey) !== undefined);
});

afterAll(async () => {
  server.kill('SIGKILL');
  await front.close();
  await world.close();
});

function visitor(name: string, session: string): Visitor {
  const browser = new Visitor(front.origin);
  browser.setCookie(testCookie, `${name}.${session}`);
  return browser;
}

test('is ready without a sign-in: it answers, and has called the Hub with its own token', async () => {
  const answer = await new Visitor(front.origin).get('/user/alice/api');
  expect(answer.status).toBe(200);
  expect(JSON.parse(answer.body)).toHaveProperty('version');
});

test('its owner is signed in by redirects alone, and the page says that it is a stand-in', async () => {
  const page = await visitor('alice', 's1').get('/user/alice/');
  expect(page).toMatchObject({ status: 200, url: `${front.origin}/user/alice/cylc/` });
  expect(page.body).toContain('This is a stand-in');
  expect(page.body).toContain('npm run cylc:install');
});

test('a visitor is asked once, and then known by his own name', async () => {
  const bob = visitor('bob', 's2');
  const question = await bob.get('/user/alice/');
  expect(question.body).toContain('Open the server of alice?');
  expect((await bob.submit(question)).status).toBe(200);
  const profile = await bob.get('/user/alice/cylc/userprofile');
  expect(JSON.parse(profile.body)).toEqual({ name: 'bob', owner: 'alice' });
});

test('whom nothing is shared with does not get in, by page or by WebSocket', async () => {
  const erin = visitor('erin', 's3');
  expect((await erin.get('/user/alice/')).status).toBe(403);
  const [error] = (await once(erin.websocket('/user/alice/cylc/subscriptions'), 'error')) as [Error];
  expect(error.message).toContain('403');
});

test('the WebSocket tells the time', async () => {
  const alice = visitor('alice', 's4');
  await alice.get('/user/alice/');
  const socket = alice.websocket('/user/alice/cylc/subscriptions', ['graphql-ws']);
  const [data] = (await once(socket, 'message')) as [Buffer];
  expect(JSON.parse(data.toString())).toHaveProperty('time');
  socket.close();
});

test('SIGTERM ends it with code 0', async () => {
  const ended = once(server, 'exit');
  server.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});
