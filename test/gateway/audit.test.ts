import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AdminData } from '../../src/store/schema.ts';
import type { AuditRecord } from '../../src/telemetry/audit/record.ts';
import { runCommand } from '../helpers/command.ts';
import { ownerOf, signIn, startServer, withoutCylc } from '../helpers/firstVisit.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** What is written of who did what, by the program itself. */
let gateway: GatewayProcess;
let owner: string;
let visitor: Visitor;
let guest: Visitor;

beforeAll(async () => {
  const args = ['--set', 'audit.repeatS=1', '--set', 'listen.trustedProxies=["127.0.0.1"]', '--host', '127.0.0.1'];
  gateway = await startGateway({ args, env: withoutCylc });
  owner = ownerOf(gateway);
  [visitor, guest] = [new Visitor(gateway.origin), new Visitor(gateway.origin)];
  await signIn(gateway, visitor, owner);
  await signIn(gateway, guest, 'guest');
  await startServer(gateway, visitor, owner);
});
afterAll(() => gateway.end());

function lines(): AuditRecord[] {
  const text = readFileSync(join(gateway.dataDir, 'audit.jsonl'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditRecord);
}

function written(fits: (record: AuditRecord) => boolean): Promise<AuditRecord> {
  const told = () => JSON.stringify(lines().slice(-10), null, 1);
  return until(() => lines().find(fits), 5000, told);
}

function command(...words: string[]) {
  return runCommand([...words, '--data', gateway.dataDir], { cwd: gateway.dataDir });
}

test('the file is the gateway’s own', () => {
  expect(statSync(join(gateway.dataDir, 'audit.jsonl')).mode & 0o777).toBe(0o600);
});

test('sign-ins and starts: who, from where, by which request', async () => {
  const signedIn = await written(({ what, who }) => what === 'sign-in' && who === owner);
  expect(signedIn).toMatchObject({ result: 'ok', way: 'page', from: '127.0.0.1', detail: { method: 'link' } });
  expect(signedIn.requestId).toMatch(/\S/);
  const start = await written(({ what }) => what === 'server.start');
  expect(start).toMatchObject({ who: owner, target: `server ${owner}/`, owner, way: 'page', from: '127.0.0.1' });
  expect(await written(({ what }) => what === 'server.ready')).toMatchObject({ who: owner });
});

test('a denial is written as page and as upgrade, by the client’s address as the trusted proxy tells it', async () => {
  const headers = { 'x-forwarded-for': '192.0.2.7' };
  expect((await guest.get(`/user/${owner}/`, { headers })).status).toBe(403);
  const denied = await written(({ what, from }) => what === 'denied' && from === '192.0.2.7');
  expect(denied).toMatchObject({ result: 'denied', who: 'guest', owner, code: 'access.denied' });
  expect(denied.reason).toContain('not shared');
  const socket = guest.websocket(`/user/${owner}/cylc/subscriptions`, [], { 'x-forwarded-for': '192.0.2.8' });
  await once(socket, 'unexpected-response');
  const upgrade = await written(({ what, from }) => what === 'denied' && from === '192.0.2.8');
  expect(JSON.stringify(upgrade.detail)).toContain('upgrade');
});

test('the same denial again and again is counted, not written each time', async () => {
  const headers = { 'x-forwarded-for': '192.0.2.9' };
  const begun = performance.now();
  for (let at = 0; at < 50; at += 1) await guest.get(`/user/${owner}/`, { headers });
  const windows = 2 + Math.floor((performance.now() - begun) / 1000);
  const mine = await until(() => {
    const found = lines().filter(({ from }) => from === '192.0.2.9');
    return found.reduce((sum, { repeated = 1 }) => sum + repeated, 0) >= 50 ? found : undefined;
  });
  expect(mine.reduce((sum, { repeated = 1 }) => sum + repeated, 0)).toBe(50);
  // In each window the first, and the count of the others.
  expect(mine.length).toBeLessThanOrEqual(2 * windows);
});

test('a share and its end; the first visit of a session and no more', async () => {
  const made = await visitor.submit(await visitor.get(`/hub/share/${owner}`), { 'option.grantee': 'guest' }, /share/);
  expect(made.status).toBe(200);
  const share = await written(({ what }) => what === 'share.made');
  expect(share).toMatchObject({ who: owner, owner, way: 'page', detail: { grantee: { kind: 'user', name: 'guest' } } });
  for (let at = 0; at < 3; at += 1) await guest.get(`/user/${owner}/`);
  const visit = await written(({ what }) => what === 'visit');
  expect(visit).toMatchObject({ who: 'guest', as: owner, owner, target: `server ${owner}/`, from: '127.0.0.1' });
  await guest.get(`/user/${owner}/`);
  expect(lines().filter(({ what }) => what === 'visit')).toHaveLength(1);
});

test('a share link that is made and revoked on the page', async () => {
  const isCode = ({ detail }: AuditRecord): boolean => detail?.['kind'] === 'share';
  const page = await visitor.submit(await visitor.get(`/hub/share/${owner}`), {}, /share-link/);
  const made = await written((record) => record.what === 'token.made' && isCode(record));
  expect(made).toMatchObject({ who: owner, owner, way: 'page', from: '127.0.0.1' });
  expect(made.detail?.['scopes']).toContain(`access:servers!server=${owner}/`);
  await visitor.submit(page, {}, /end-link/);
  expect(await written((record) => record.what === 'token.revoked' && isCode(record))).toMatchObject({ who: owner });
  expect(readFileSync(join(gateway.dataDir, 'audit.jsonl'), 'utf8')).not.toContain('code=');
});

test('what an admin does by command and by hand', async () => {
  await command('users', 'edit', owner, '--admin');
  expect(await written(({ what }) => what === 'account.changed')).toMatchObject({
    who: 'command line',
    way: 'command line',
    target: `account ${owner}`,
    detail: { admin: true },
  });
  await command('users', 'edit', 'guest', '--blocked');
  expect(await written(({ what }) => what === 'account.blocked')).toMatchObject({ owner: 'guest' });
  expect(await written(({ what, owner: of }) => what === 'sign-out' && of === 'guest')).toMatchObject({
    reason: 'blocked',
  });
  await command('users', 'edit', 'guest', '--no-blocked');
  const file = join(gateway.dataDir, 'admin.json');
  const admin = JSON.parse(readFileSync(file, 'utf8')) as AdminData;
  admin.groups['wx'] = { members: ['guest'], createdAt: new Date().toISOString() };
  writeFileSync(file, JSON.stringify(admin));
  expect(await written(({ what }) => what === 'group.made')).toMatchObject({ way: 'hand edit', who: null, from: null });
});

test('a sign-in that fails is nobody’s, and told to the one who was named', async () => {
  await guest.get(gateway.links().get('guest') ?? '');
  expect(await written(({ code }) => code === 'auth.link')).toMatchObject({ what: 'sign-in', result: 'denied' });
});

test('no secret is in it, and no text of others can be more than a text', async () => {
  const page = await visitor.get('/hub/token');
  const made = await visitor.submit(page, { 'option.note': 'x' }, /token$/);
  const token = /cgw_[\w-]{40,}/.exec(made.body)?.[0] ?? '';
  expect(await written(({ what }) => what === 'token.made')).toMatchObject({ who: owner, owner });
  await fetch(`${gateway.origin}/hub/api/users/${'a'.repeat(3000)}`, {
    headers: { authorization: `token ${token.slice(0, -3)}` },
  });
  const denied = await written(({ way, result }) => way === 'api' && result === 'denied');
  expect(String(denied.target).length).toBeLessThan(250);
  await fetch(`${gateway.origin}/hub/api/users/${token}`, { headers: { 'x-forwarded-for': '192.0.2.10' } });
  await written(({ target }) => target === 'GET /hub/api/users/cgw_…');
  const text = readFileSync(join(gateway.dataDir, 'audit.jsonl'), 'utf8');
  expect(text).not.toContain(token.slice(0, 20));
  expect(text).not.toMatch(/link=|eyJ|[^\P{C}\n]/u);
});

test('the owner sees who was there, without the place; nobody else does; an admin sees all', async () => {
  const page = await visitor.get('/hub/visits');
  expect(page.body).toMatch(/guest<\/th><td>opened it<\/td>/);
  expect(page.body).not.toContain('192.0.2.7');
  const all = await visitor.get('/hub/admin/audit?account=guest&what=denied');
  expect(all.body).toContain('192.0.2.7');
  expect(all.body).not.toContain('opened it');
  expect((await visitor.get('/hub/admin/audit?account=%22%3E%3Cscript%3E')).body).not.toContain('<script>');
  const token = async (may: string): Promise<string> => {
    const made = await visitor.submit(await visitor.get('/hub/token'), { 'option.may': may }, /token$/);
    return /cgw_[\w-]{40,}/.exec(made.body)?.[0] ?? '';
  };
  const call = async (path: string, bearer: string) => {
    const answer = await fetch(`${gateway.origin}/hub/api${path}`, { headers: { authorization: `token ${bearer}` } });
    return { status: answer.status, json: (await answer.json()) as AuditRecord[] };
  };
  const [mighty, weak] = [await token('all'), await token('run')];
  const visits = await call(`/users/${owner}/visits?what=visit`, mighty);
  expect(visits).toMatchObject({ status: 200, json: [{ who: 'guest', as: owner }] });
  expect(visits.json[0]).not.toHaveProperty('from');
  expect((await call(`/users/${owner}/visits`, weak)).status).toBe(403);
  expect((await call('/audit?limit=1', mighty)).json[0]).toHaveProperty('from');
  expect((await call('/audit', weak)).status).toBe(403);
});

test('the command shows it too, and follows', async () => {
  const { stdout } = await command('audit', '--what', 'visit', '--since', '1h', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ who: 'guest', as: owner });
  expect((await command('audit', '--account', 'guest')).stdout).toMatch(/WHEN .*\n[^]*guest +visit +server/);
  expect(await command('audit', '--since', 'noon')).toMatchObject({ code: 64 });
});

test('a stop is put down to whoever asked', async () => {
  await command('servers', 'stop', owner);
  expect(await written(({ what }) => what === 'server.stop')).toMatchObject({ who: 'command line', as: owner, owner });
});

test('an orderly end loses nothing, and says that it was one', async () => {
  await visitor.get('/hub/logout', { headers: { 'sec-fetch-site': 'same-origin' } });
  expect(await gateway.end()).toBe(0);
  const last = lines().slice(-2);
  expect(last.map(({ what }) => what)).toEqual(['sign-out', 'gateway.stopped']);
});

test('what is changed by command while the gateway is down is written too', async () => {
  await command('users', 'edit', 'guest', '--note', 'x', '--blocked');
  expect(lines().at(-1)).toMatchObject({ what: 'account.blocked', who: 'command line', owner: 'guest' });
  await command('token', 'create', owner, '--note', 'script');
  expect(lines().at(-1)).toMatchObject({ what: 'token.made', who: 'command line', owner });
});
