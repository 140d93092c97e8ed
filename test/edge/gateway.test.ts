import { once } from 'node:events';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';
import { startWorker } from './workerd.ts';
import type { RunningWorker } from './workerd.ts';

/** The whole way: a browser, the Worker in real workerd, the program behind it, a UI server behind that. */
const secret = 'a secret of the tests, thirty-two characters long';
let gateway: GatewayProcess;
let worker: RunningWorker;
let behind: string;
let visitor: Visitor;
let owner: string;

beforeAll(async () => {
  const [port, gatewayPort] = [await freePort(), await freePort()];
  const publicUrl = `http://localhost:${port}`;
  behind = `http://127.0.0.1:${gatewayPort}`;
  const secretFile = join(await mkdtemp(join(tmpdir(), 'gw-edge-')), 'secret');
  await writeFile(secretFile, `${secret}\n`, { mode: 0o600 });
  const set = [`publicUrl=${publicUrl}`, `edge.secretFile=${secretFile}`].flatMap((one) => ['--set', one]);
  [gateway, worker] = await Promise.all([
    startGateway({ port: gatewayPort, args: set, env: { PATH: '/usr/bin:/bin' } }),
    startWorker({ ORIGIN: behind, PUBLIC_URL: publicUrl, EDGE_SECRET: secret }, port),
  ]);
  if (gateway.child.exitCode !== null) throw new Error(gateway.output());
  owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
  visitor = new Visitor(publicUrl);
});
afterAll(async () => {
  await worker.close();
  await gateway.end();
});

test('a person signs in, starts a server and uses it, all through the Worker', async () => {
  expect((await visitor.submit(await visitor.get(gateway.links().get(owner) ?? ''))).status).toBe(200);
  await visitor.submit(await visitor.get('/hub/spawn'), {}, /spawn/);
  await until(
    async () => (await visitor.get(`/user/${owner}/`)).body.includes('stand-in'),
    60_000,
    () => gateway.output(),
  );
  const socket = visitor.websocket(`/user/${owner}/cylc/subscriptions`, ['graphql-ws']);
  const [message] = (await once(socket, 'message')) as [Buffer];
  expect(message.toString()).not.toBe('');
  socket.close();
});

test('the gateway’s own address answers nobody but the Worker: pages, servers and upgrades', async () => {
  const cookie = visitor.cookieHeader('/');
  for (const path of ['/hub/home', '/hub/api', '/hub/login', `/user/${owner}/`])
    expect((await fetch(`${behind}${path}`, { headers: { cookie }, redirect: 'manual' })).status, path).toBe(403);
  const around = new Visitor(behind);
  const socket = around.websocket(`/user/${owner}/cylc/subscriptions`, [], { cookie });
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(answer.statusCode).toBe(403);
  socket.on('error', () => {});
  socket.terminate();
  expect((await fetch(`${behind}/hub/jwks.json`)).status).toBe(200);
});

test('signed out here, the cookie that the Worker still takes is refused by the gateway', async () => {
  const cookie = visitor.cookieHeader('/');
  await visitor.submit(await visitor.get('/hub/home'), {}, /logout$/);
  const answer = await fetch(`${worker.url}/user/${owner}/api`, { headers: { cookie } });
  expect(answer.status).toBe(401);
});
