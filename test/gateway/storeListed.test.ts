import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import type { AdminData } from '../../src/store/schema.ts';
import { runCommand } from '../helpers/command.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { startIssuer } from '../helpers/issuer.ts';
import type { Issuer } from '../helpers/issuer.ts';
import { describeWith } from '../helpers/requires.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { promptlyMs, until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** A site that lists its accounts in `admin.json`; real accounts, a real program, and an admin with an editor. */
describeWith(['root'], 'accounts by hand', () => {
  let gateway: GatewayProcess;
  let issuer: Issuer;
  let [ann, bob]: SystemAccount[] = [];
  let file: string;

  beforeAll(async () => {
    [ann, bob] = [makeSystemAccount(), makeSystemAccount()];
    issuer = await startIssuer('EdDSA');
    const dataDir = dataFolder('listed');
    file = join(dataDir, 'admin.json');
    const yaml = join(dataDir, 'gateway.yaml');
    writeFileSync(
      yaml,
      `
identity:
  issuers:
    - { issuer: '${issuer.url}', audience: cylc, algorithms: [EdDSA], cookie: sso, account: [{ claim: sub }] }
access: { accounts: listed, adminGroups: ['local:wizards'] }
`,
    );
    gateway = await startGateway({ dataDir, args: ['--config', yaml], env: { PATH: '/usr/bin:/bin' } });
  });
  afterAll(async () => {
    await runCommand(['servers', 'stop', '--all', '--data', gateway.dataDir], { cwd: gateway.dataDir });
    await gateway.end();
    await issuer.close();
    ann?.remove();
    bob?.remove();
  });

  const name = (account: SystemAccount | undefined): string => account?.name ?? '';

  const tail = (): string => gateway.output().slice(-2000);

  async function visit(account: SystemAccount | undefined, sid: string): Promise<Visitor> {
    const visitor = new Visitor(gateway.origin);
    visitor.setCookie('sso', await issuer.sign({ aud: 'cylc', sub: name(account), sid: sid.replaceAll(' ', '-') }));
    return visitor;
  }

  function edit(change: (data: AdminData) => void, from = readFileSync(file, 'utf8')): void {
    const data = JSON.parse(from) as AdminData;
    change(data);
    writeFileSync(`${file}.new`, JSON.stringify(data, null, 2));
    renameSync(`${file}.new`, file);
  }

  async function within(visitor: Visitor, path: string, status: number): Promise<void> {
    await until(
      async () => (await visitor.get(path, { follow: false })).status === status,
      1000,
      () => tail(),
    );
  }

  test('who is not listed has no account; put into the file, in; and an admin as long as the file says so', async () => {
    const visitor = await visit(ann, 'one');
    expect((await visitor.get('/hub/home')).status).toBe(403);
    edit((data) => void (data.accounts[name(ann)] = {}));
    await within(visitor, '/hub/home', 200);
    expect((await visitor.get('/hub/admin')).status).toBe(403);
    edit((data) => void (data.accounts[name(ann)] = { admin: true }));
    await within(visitor, '/hub/admin', 200);
    edit((data) => void (data.accounts[name(ann)] = {}));
    await within(visitor, '/hub/admin', 403);
    edit((data) => void (data.groups['wizards'] = { members: [name(ann)] }));
    await within(visitor, '/hub/admin', 200);
  });

  async function openSocket(visitor: Visitor, account: SystemAccount | undefined): Promise<WebSocket> {
    await visitor.get(`/user/${name(account)}/`);
    const socket = visitor.websocket(`/user/${name(account)}/cylc/subscriptions`, ['graphql-transport-ws']);
    await once(socket, 'open');
    return socket;
  }

  async function closing(socket: WebSocket, act: () => void): Promise<void> {
    const closed = once(socket, 'close') as Promise<[number]>;
    const started = performance.now();
    act();
    const [code] = await closed;
    expect([4401, 4403]).toContain(code);
    expect(performance.now() - started).toBeLessThan(promptlyMs);
  }

  test.each([
    ['blocked', (data: AdminData) => void (data.accounts[name(bob)] = { blocked: true })],
    ['taken out of the file', (data: AdminData) => void delete data.accounts[name(bob)]],
    ['said to have another uid', (data: AdminData) => void (data.accounts[name(bob)] = { uid: 54_321 })],
  ])('%s: the session is over and the WebSocket closed within a second', async (how, change) => {
    edit((data) => void (data.accounts[name(bob)] = {}));
    const visitor = await visit(bob, how);
    await within(visitor, '/hub/home', 200);
    if ((await visitor.get(`/user/${name(bob)}/`)).status !== 200)
      await visitor.submit(await visitor.get('/hub/spawn'), {}, /spawn/);
    await until(
      async () => (await visitor.get(`/user/${name(bob)}/`)).body.includes('stand-in'),
      60_000,
      () => tail(),
    );
    await closing(await openSocket(visitor, bob), () => edit(change));
    expect((await visitor.get('/hub/home', { follow: false })).status).not.toBe(200);
    const refused = visitor.websocket(`/user/${name(bob)}/cylc/subscriptions`, ['graphql-transport-ws']);
    const [, response] = (await once(refused, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect([401, 403]).toContain(response.statusCode);
    edit((data) => void (data.accounts[name(bob)] = {}));
  });

  test('a second name of one uid is refused in words, on the admin page too; dismissed there, the file is as before', async () => {
    const other = `${name(ann)}two`;
    execFileSync('useradd', ['--no-create-home', '--non-unique', '--uid', String(ann?.uid), other]);
    try {
      const admin = await visit(ann, 'two');
      edit((data) => void (data.accounts[other] = {}));
      const page = await until(async () => {
        const { body } = await admin.get('/hub/admin');
        return body.includes('both have uid') ? body : undefined;
      }, 2000);
      expect(page).toContain(`&quot;${other}&quot; and &quot;${name(ann)}&quot; both have uid ${ann?.uid}`);
      const answer = await admin.submit({ ...(await admin.get('/hub/admin')) }, { act: 'dismiss' }, /admin\/edits$/);
      expect(answer.status).toBe(200);
      await until(() => !readFileSync(file, 'utf8').includes(other));
    } finally {
      execFileSync('userdel', ['--force', other], { stdio: 'ignore' });
    }
  });

  test('the same field by hand and by command: the hand’s value stands, and both are on the admin page', async () => {
    const opened = readFileSync(file, 'utf8');
    const asked = ['users', 'edit', name(bob), '--note', 'by command', '--data', gateway.dataDir];
    const told = await runCommand([...asked, '--config', join(gateway.dataDir, 'gateway.yaml')], {
      cwd: gateway.dataDir,
    });
    expect(told.stderr).toBe('');
    edit((data) => void (data.accounts[name(bob)] = { note: 'by hand' }), opened);
    const admin = await visit(ann, 'conflict');
    await until(async () => {
      const { body } = await admin.get('/hub/admin');
      return body.includes('by hand') && body.includes('by command');
    }, 2000);
    expect((JSON.parse(readFileSync(file, 'utf8')) as AdminData).accounts[name(bob)]?.note).toBe('by hand');
  });

  test('an announcement begins and ends at its times, with its level, without anybody touching anything', async () => {
    const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
    const notice = { id: 'soon', text: 'Short break', level: 'warning', from: at(1200), until: at(3200) } as const;
    edit((data) => void (data.announcements['soon'] = notice));
    const reader = await visit(ann, 'reader');
    const shown = async (): Promise<string | undefined> =>
      /class="([^"]*)"[^>]*><p>Short break/.exec((await reader.get('/hub/home')).body)?.[1];
    await until(() => gateway.output().includes('announcements.soon'));
    expect(await shown()).toBeUndefined();
    expect(await until(shown)).toBe('notice warning');
    await until(async () => (await shown()) === undefined);
  });
});
