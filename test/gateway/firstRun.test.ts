import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** The first run of a new user, through the program itself; the UI server is the bundled stand-in. */
const withoutCylc = { PATH: '/usr/bin:/bin' };
let gateway: GatewayProcess;
let owner: string;
let visitor: Visitor;

beforeAll(async () => {
  gateway = await startGateway({ env: withoutCylc });
  owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
  visitor = new Visitor(gateway.origin);
});
afterAll(() => gateway.end());

async function signIn(as: Visitor, account: string): Promise<number> {
  const link = gateway.links().get(account) ?? '';
  return (await as.submit(await as.get(link))).status;
}

async function start(): Promise<void> {
  await visitor.submit(await visitor.get('/hub/spawn'), {}, /spawn/);
  await until(
    async () => (await visitor.get(`/user/${owner}/`)).body.includes('stand-in'),
    60_000,
    () => gateway.output(),
  );
}

test('the terminal names the address and a link each for the owner and a guest', () => {
  expect(gateway.output()).toContain(gateway.origin);
  expect([...gateway.links().keys()]).toContain('guest');
  expect(owner).not.toBe('');
});

test('a link signs in once, and says so when it is used again', async () => {
  expect(await signIn(visitor, owner)).toBe(200);
  const again = await new Visitor(gateway.origin).get(gateway.links().get(owner) ?? '');
  expect(again.status).toBe(403);
});

test('nobody and a guest get nothing of the owner’s server, by page load or upgrade', async () => {
  const guest = new Visitor(gateway.origin);
  expect((await guest.get(`/user/${owner}/api`, { headers: { accept: '*/*' } })).status).toBe(401);
  expect(await upgradeStatus(guest)).toBe(401);
  expect(await signIn(guest, 'guest')).toBe(200);
  expect((await guest.get(`/user/${owner}/api`)).status).toBe(403);
  expect(await upgradeStatus(guest)).toBe(403);
});

test('Start leads through the form and the wait to the server’s own page', async () => {
  await start();
  expect((await visitor.get('/hub/home')).body).toContain(`/user/${owner}/`);
});

test('an address that is nobody’s has a page, and JSON for programs', async () => {
  const page = await visitor.get('/nope');
  expect([page.status, page.body]).toEqual([404, expect.stringContaining('There is nothing at this address')]);
  const program = await fetch(`${gateway.origin}/nope`);
  expect(await program.json()).toMatchObject({ status: 404, code: 'request.not-found' });
});

test('a killed gateway finds the server again, and nobody is signed out', async () => {
  await gateway.end('SIGKILL');
  const port = Number(new URL(gateway.origin).port);
  gateway = await startGateway({ env: withoutCylc, port, dataDir: gateway.dataDir });
  await until(async () => (await visitor.get(`/user/${owner}/`)).body.includes('stand-in'));
});

test('Stop stops it; its address then offers to start it', async () => {
  await visitor.submit(await visitor.get('/hub/home'), {}, /stop/);
  const page = await until(async () => {
    const answer = await visitor.get(`/user/${owner}/`);
    return answer.status === 424 ? answer : undefined;
  }, 30_000);
  expect(page.body).toMatch(/start/i);
});

test('a second gateway on the same data, and a port in use, are refused in words', async () => {
  const second = await startGateway({ env: withoutCylc, dataDir: gateway.dataDir });
  expect(await second.end()).toBeGreaterThan(0);
  expect(second.output()).toMatch(/→ /);
  const port = await startGateway({ env: withoutCylc, port: Number(new URL(gateway.origin).port) });
  expect(await port.end()).toBe(69);
  expect(port.output()).toMatch(/another program has that port/);
});

test('what an ended gateway has left running is stopped by one command', async () => {
  await start();
  await gateway.end();
  expect(gateway.output()).toMatch(/1 server goes on/);
  const stop = await stopAll(gateway.dataDir);
  expect(stop).toMatch(new RegExp(`Stopped ${owner}/`));
  expect(await stopAll(gateway.dataDir)).toMatch(/No server is running/);
});

async function stopAll(dataDir: string): Promise<string> {
  const main = join(import.meta.dirname, '../../dist/src/main.js');
  const command = [main, 'servers', 'stop', '--all', '--data', dataDir];
  return (await promisify(execFile)(process.execPath, command, { cwd: dataDir })).stdout;
}

async function upgradeStatus(as: Visitor): Promise<number> {
  const socket = as.websocket(`/user/${owner}/cylc/subscriptions`);
  socket.on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  socket.terminate();
  return response.statusCode;
}
