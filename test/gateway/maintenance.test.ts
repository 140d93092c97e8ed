import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AdminData } from '../../src/store/schema.ts';
import { runCommand } from '../helpers/command.ts';
import { echoes, ownerOf, signIn, startServer, withoutCylc } from '../helpers/firstVisit.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** A time of maintenance on the program itself: the owner of the server is an admin, the guest visits it by a share. */
let gateway: GatewayProcess;
let owner: string;
let guest: Visitor;
let admin: Visitor;
let token: string;

beforeAll(async () => {
  gateway = await startGateway({ env: withoutCylc });
  owner = ownerOf(gateway);
  [guest, admin] = [new Visitor(gateway.origin), new Visitor(gateway.origin)];
  await signIn(gateway, guest, 'guest');
  await signIn(gateway, admin, owner);
  await command('users', 'edit', owner, '--admin');
  await startServer(gateway, admin, owner);
  await admin.submit(await admin.get(`/hub/share/${owner}`), { 'option.grantee': 'guest' }, /share/);
  const made = await guest.submit(await guest.get('/hub/token'), { 'option.may': 'all' }, /token$/);
  token = /cgw_[\w-]{40,}/.exec(made.body)?.[0] ?? '';
});
afterAll(() => gateway.end());

async function command(...words: string[]) {
  const end = await runCommand([...words, '--data', gateway.dataDir], { cwd: gateway.dataDir });
  if (end.code !== 0) throw new Error(`${words.join(' ')}: ${end.code} ${end.stderr}\n${gateway.output()}`);
  return end;
}

async function api(path = '/user') {
  const answer = await fetch(`${gateway.origin}/hub/api${path}`, { headers: { authorization: `token ${token}` } });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

/** The guest opens the server, and agrees to be known there. */
async function visit() {
  const page = await guest.get(`/user/${owner}/`);
  return page.body.includes('name="_xsrf"') ? guest.submit(page) : page;
}

async function upgradeStatus(): Promise<number> {
  const socket = guest.websocket(`/user/${owner}/cylc/subscriptions`);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  return response.statusCode;
}

test('switched on, others read its text with 503 on pages and in the API, and running servers stay open', async () => {
  expect((await guest.get('/hub/home')).status).toBe(200);
  const { stdout } = await command('maintenance', 'on', 'New disks <b>until noon</b>.');
  expect(stdout).toContain('on');
  const page = await guest.get('/hub/home');
  expect(page.status).toBe(503);
  expect(page.body).toContain('New disks &lt;b&gt;until noon&lt;/b&gt;.');
  expect((await guest.get(`/hub/spawn/${owner}`)).status).toBe(503);
  expect(await api()).toMatchObject({ status: 503, json: { code: 'site.maintenance' } });
  expect((await visit()).body).toContain('stand-in');
  expect(await echoes(guest, owner)).toBe(true);
});

test('admins go on, and see the text', async () => {
  const page = await admin.get('/hub/home');
  expect(page.status).toBe(200);
  expect(page.body).toContain('New disks');
});

test('nobody else signs in meanwhile, but whom the command names', async () => {
  await guest.get('/hub/logout', { headers: { 'sec-fetch-site': 'same-origin' } });
  await restart();
  const refused = await guest.submit(await guest.get(gateway.links().get('guest') ?? ''));
  expect(refused.status).toBe(503);
  expect(refused.body).toContain('New disks');
  expect((await guest.get('/hub/home')).url).toContain('/hub/login');
  await command('maintenance', 'on', 'For you alone.', '--allow', 'guest');
  await restart();
  await signIn(gateway, guest, 'guest');
  expect((await guest.get('/hub/home')).status).toBe(200);
  expect((await api()).status).toBe(200);
  expect((await visit()).body).toContain('stand-in');
});

/** It stands in admin.json, so it is there after a restart too; new links come with it. */
async function restart(): Promise<void> {
  await gateway.end();
  gateway = await startGateway({
    dataDir: gateway.dataDir,
    port: Number(new URL(gateway.origin).port),
    env: withoutCylc,
  });
}

test('by hand, servers can be closed too: open connections end, and nothing gets through, also as an upgrade', async () => {
  const socket = guest.websocket(`/user/${owner}/cylc/subscriptions`);
  await once(socket, 'open');
  const closed = once(socket, 'close');
  edit((data) => {
    const entry = data.announcements['maintenance'];
    if (entry !== undefined) entry.maintenance = { allow: [], servers: 'closed' };
  });
  expect((await closed)[0]).toBe(4403);
  const page = await guest.get(`/user/${owner}/`);
  expect(page.status).toBe(503);
  expect(page.body).toContain('For you alone.');
  expect(await upgradeStatus()).toBe(503);
  const bearer = await fetch(`${gateway.origin}/user/${owner}/`, { headers: { authorization: `token ${token}` } });
  expect(bearer.status).toBe(503);
  expect((await command('servers', 'list', '--json')).stdout).toContain('"phase": "ready"');
});

test('it ends when its time is over, without anybody', async () => {
  edit((data) => {
    const entry = data.announcements['maintenance'];
    if (entry !== undefined) entry.until = new Date(Date.now() + 1500).toISOString();
  });
  await until(async () => (await guest.get('/hub/home')).status === 200);
  expect(await echoes(guest, owner)).toBe(true);
});

test('switched off by the command', async () => {
  await command('maintenance', 'on', 'Again.');
  expect((await guest.get('/hub/home')).status).toBe(503);
  expect((await command('maintenance', 'show')).stdout).toContain('Again.');
  expect((await command('maintenance', 'off')).stdout).toContain('off');
  expect((await guest.get('/hub/home')).status).toBe(200);
  expect((await command('maintenance', 'show')).stdout).toContain('There is none.');
});

function edit(change: (data: AdminData) => void): void {
  const file = join(gateway.dataDir, 'admin.json');
  const data = JSON.parse(readFileSync(file, 'utf8')) as AdminData;
  change(data);
  writeFileSync(file, JSON.stringify(data, null, 2));
}
