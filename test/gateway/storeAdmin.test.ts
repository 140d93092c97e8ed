import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { WebSocket } from 'ws';
import { openStore } from '../../src/store/open.ts';
import type { AdminData } from '../../src/store/schema.ts';
import { runCommand } from '../helpers/command.ts';
import type { CommandEnd } from '../helpers/command.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { collectLog, freshFolder } from '../helpers/storeFixture.ts';
import { promptlyMs, until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** An admin with an editor and a terminal beside a running gateway; the UI server is the bundled stand-in. */
let gateway: GatewayProcess;
let owner: string;
let visitor: Visitor;
let guest: Visitor;

beforeAll(async () => {
  gateway = await startGateway({ env: { PATH: '/usr/bin:/bin' } });
  owner = [...gateway.links().keys()].find((name) => name !== 'guest') ?? '';
  [visitor, guest] = [new Visitor(gateway.origin), new Visitor(gateway.origin)];
  await signIn(visitor, owner);
  await signIn(guest, 'guest');
  await visitor.submit(await visitor.get('/hub/spawn'), {}, /spawn/);
  await until(isUp, 30_000, () => gateway.output());
});
afterAll(() => gateway.end());

async function signIn(as: Visitor, account: string): Promise<void> {
  await as.submit(await as.get(gateway.links().get(account) ?? ''));
}

async function isUp(): Promise<boolean> {
  return (await visitor.get(`/user/${owner}/`)).body.includes('stand-in');
}

function command(...words: string[]): Promise<CommandEnd> {
  return runCommand([...words, '--data', gateway.dataDir], { cwd: gateway.dataDir });
}

async function must(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await command(...words);
  expect(`${code} ${stderr}`).toBe('0 ');
  return stdout;
}

const file = (): string => join(gateway.dataDir, 'admin.json');

/** Saves as most editors do: another file, renamed over. */
function edit(change: (data: AdminData) => void): void {
  const data = JSON.parse(readFileSync(file(), 'utf8')) as AdminData;
  change(data);
  writeFileSync(`${file()}.new`, JSON.stringify(data, null, 2));
  renameSync(`${file()}.new`, file());
}

/** A WebSocket that is open: the server has sent something. */
async function openSocket(as: Visitor): Promise<WebSocket> {
  const page = await as.get(`/user/${owner}/`);
  const shown = page.body.includes('Open as') ? await as.submit(page, {}) : page;
  expect(shown.body).toContain('stand-in');
  const socket = as.websocket(`/user/${owner}/cylc/subscriptions`, ['graphql-ws']);
  await once(socket, 'message');
  return socket;
}

/** How long it took until it was closed, ms, and with which code. */
async function closing(socket: WebSocket, act: () => void | Promise<void>): Promise<{ ms: number; code: number }> {
  const closed = once(socket, 'close') as Promise<[number]>;
  await act();
  const started = performance.now();
  const [code] = await closed;
  return { ms: performance.now() - started, code };
}

describe('an edit acts at once', () => {
  test('a share made by command lets the guest in; blocking the guest closes the WebSocket and the session', async () => {
    await must('shares', 'add', '--server', owner, '--to', 'user:guest', '--level', 'read');
    const [theirs, mine] = [await openSocket(guest), await openSocket(visitor)];
    const { ms, code } = await closing(theirs, () => edit((data) => void (data.accounts['guest'] = { blocked: true })));
    expect(ms).toBeLessThan(promptlyMs);
    expect([4401, 4403]).toContain(code);
    expect((await guest.get('/hub/home')).body).not.toContain('Hello');
    expect(mine.readyState, 'nobody else is touched').toBe(mine.OPEN);
    mine.close();
  });

  test('unblocked, the guest may sign in again', async () => {
    edit((data) => void delete data.accounts['guest']);
    await until(async () => {
      const users = JSON.parse(await must('users', 'list', '--json')) as { key: string; blocked: boolean }[];
      return users.some(({ key, blocked }) => key === 'guest' && !blocked);
    });
    const port = Number(new URL(gateway.origin).port);
    await gateway.end();
    gateway = await startGateway({ env: { PATH: '/usr/bin:/bin' }, port, dataDir: gateway.dataDir });
    guest = new Visitor(gateway.origin);
    await signIn(guest, 'guest');
    expect((await guest.get('/hub/home')).body).toContain('Hello');
  });

  test('a share that is taken out of the file closes what it had opened', async () => {
    const socket = await openSocket(guest);
    const { ms } = await closing(socket, () => edit((data) => void (data.shares = {})));
    expect(ms).toBeLessThan(promptlyMs);
    expect((await guest.get(`/user/${owner}/`)).status).toBe(403);
  });

  test('an announcement is on the pages in its time', async () => {
    const at = (ms: number): string => new Date(Date.now() + ms).toISOString();
    const base = { level: 'danger', from: null, until: null } as const;
    edit((data) => {
      data.announcements['now'] = { ...base, id: 'now', text: 'Power cut at noon', until: at(60_000) };
      data.announcements['past'] = { ...base, id: 'past', text: 'Long over', until: at(-60_000) };
    });
    const page = await until(
      async () => {
        const { body } = await visitor.get('/hub/home');
        return body.includes('Power cut at noon') ? body : undefined;
      },
      2000,
      () => gateway.output(),
    );
    expect(page).not.toContain('Long over');
  });

  test('a service is reached, by whom it is for', async () => {
    const upstream: Server = createServer((_, response) => response.end('the service')).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const { port } = upstream.address() as AddressInfo;
    edit((data) => {
      data.groups['ops'] = { members: ['guest'] };
      data.services['review'] = { upstream: { kind: 'tcp', host: '127.0.0.1', port }, groups: ['local:ops'] };
    });
    await until(async () => (await guest.get('/services/review/')).body === 'the service');
    edit((data) => void (data.groups['ops'] = { members: [] }));
    await until(async () => (await guest.get('/services/review/')).status === 403);
    upstream.close();
  });

  test('a hidden profile cannot be chosen', async () => {
    edit((data) => void (data.profiles['default'] = { visibleTo: [] }));
    await until(async () => {
      const users = await visitor.get(`/hub/spawn/${owner}/other`);
      return users.body.includes('no kind of server for you');
    }, 2000);
    edit((data) => void delete data.profiles['default']);
    await until(async () => (await visitor.get(`/hub/spawn/${owner}/other`)).status === 200);
  });

  test('"down" stops a server, "up" starts it', async () => {
    edit((data) => void (data.servers[`${owner}/`] = { desired: 'down' }));
    await until(async () => (await visitor.get(`/user/${owner}/`)).status === 424);
    edit((data) => void (data.servers[`${owner}/`] = { desired: 'up' }));
    await until(isUp, 30_000, () => gateway.output());
  });

  test('a bad edit is told in the log and by the command; the gateway goes on; mended, it counts', async () => {
    const good = readFileSync(file(), 'utf8');
    writeFileSync(file(), good.replace('"accounts"', '"acounts"'));
    const told = await until(async () => {
      const text = await must('edits', 'list');
      return text.includes('Refused since') ? text : undefined;
    }, 3000);
    expect(told).toContain('Did you mean "accounts"?');
    expect(gateway.output()).toContain('was refused and nothing was changed');
    expect((await command('check')).code).toBe(78);
    await must('users', 'edit', 'guest', '--note', 'while refused');
    expect(await isUp()).toBe(true);
    writeFileSync(file(), good);
    await until(async () => !(await must('edits', 'list')).includes('Refused since'));
    await until(() => readFileSync(file(), 'utf8').includes('while refused'));
  });
});

describe('commands against the running gateway', () => {
  test('list, show, add, edit, remove, for people and for programs', async () => {
    await must('users', 'add', 'temp', '--note', 'passing by');
    expect(await must('users', 'list')).toMatch(/NAME +ADMIN +BLOCKED[\s\S]*temp +no +no/);
    expect(JSON.parse(await must('users', 'show', 'temp', '--json'))).toMatchObject({
      key: 'temp',
      note: 'passing by',
    });
    await must('groups', 'add', 'team', '--member', 'temp');
    await must('users', 'edit', 'temp', '--admin');
    expect(readFileSync(file(), 'utf8')).toContain('"temp"');
    await must('users', 'remove', 'temp');
    expect(JSON.parse(await must('groups', 'show', 'team', '--json'))).toMatchObject({ members: [] });
  });

  test('what is wrong is said with all its fields, and nothing is changed', async () => {
    const bad = await command(
      'shares',
      'add',
      '--server',
      'nobody-here',
      '--to',
      'group:local:none',
      '--level',
      'write',
    );
    expect(bad.code).toBe(65);
    expect(bad.stderr).toMatch(/level: /);
    expect((await command('users', 'show', 'not-there')).code).toBe(66);
    expect((await command('users', 'add', 'temp', '--uid', '1')).code).toBe(0);
    expect((await command('users', 'add', 'temp')).stderr).toContain('is there already');
    const noNumber = await command('users', 'edit', 'temp', '--uid', 'abc');
    expect([noNumber.code, noNumber.stderr]).toEqual([64, expect.stringContaining('--uid abc is no number')]);
    expect(JSON.parse(await must('users', 'show', 'temp', '--json'))).toMatchObject({ uid: 1 });
    const proto = await command('users', 'add', '__proto__');
    expect([proto.code, proto.stderr]).toEqual([65, expect.stringContaining('"__proto__" cannot be used')]);
    const port = await command('services', 'add', 'far', '--at', '127.0.0.1:99999');
    expect([port.code, port.stderr]).toEqual([65, expect.stringContaining('services.far.upstream.port')]);
    await must('users', 'remove', 'temp');
  });

  test('every kind of record can be listed, shown, added, edited and removed, as JSON too', async () => {
    const kinds: [string, string[], string[]][] = [
      ['groups', ['trio', '--member', owner], ['--not-member', owner]],
      ['services', ['wiki', '--at', '[::1]:8042'], ['--title', 'Wiki']],
      ['profiles', ['large', '--visible-to', owner], ['--not-visible-to', owner]],
      ['servers', [`${owner}/spare`, '--desired', 'down'], ['--desired', 'none']],
      [
        'shares',
        ['--server', owner, '--to', 'user:guest'],
        ['--level', 'control', '--expires', '2027-01-01T00:00:00Z'],
      ],
      ['announcements', ['--text', 'Hello'], ['--level', 'warning', '--until', 'never']],
    ];
    for (const [kind, adding, editing] of kinds) {
      const { key } = JSON.parse(await must(kind, 'add', ...adding, '--json')) as { key: string };
      expect(await must(kind, 'list')).toContain(key);
      expect(JSON.parse(await must(kind, 'list', '--json'))).toContainEqual(expect.objectContaining({ key }) as object);
      expect(await must(kind, 'show', key)).toMatch(/^name +/);
      await must(kind, 'edit', key, ...editing);
      // A server of which only a wish was known is gone with the wish.
      if (kind !== 'servers') await must(kind, 'remove', key);
      expect((await command(kind, 'show', key, '--json')).code).toBe(66);
    }
  });

  test('servers are stopped and started', async () => {
    expect(await must('servers', 'list')).toMatch(new RegExp(`${owner}/ +ready`));
    expect(await must('servers', 'stop', owner)).toContain(`Stopped ${owner}/`);
    expect((await visitor.get(`/user/${owner}/`)).status).toBe(424);
    await must('servers', 'start', owner);
    await until(isUp, 30_000, () => gateway.output());
  });

  test('a backup is taken while it runs, and admin.json goes back to it', async () => {
    const backup = join(gateway.dataDir, 'backup.json');
    await must('users', 'add', 'saved');
    await must('backup', backup);
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    expect((await command('backup', backup)).stderr).toContain('cannot be written');
    await must('users', 'remove', 'saved');
    expect((await command('restore', backup)).stderr).toContain('only while it is down');
    await must('restore', backup, '--only', 'admin');
    expect(await must('users', 'list')).toContain('saved');
  });

  describeWith(['root'], 'the socket', () => {
    test('is closed to every other account', async () => {
      const nobody = { cwd: '/', uid: 65_534, gid: 65_534 };
      const asked = await runCommand(['users', 'list', '--data', gateway.dataDir], nobody);
      expect(asked.code).not.toBe(0);
      expect(asked.stdout).toBe('');
    });
  });
});

test('the same commands on the files when the gateway is down, restore of everything included', async () => {
  await gateway.end();
  expect(await must('users', 'add', 'offline')).toContain('acts at the next start');
  await must('restore', join(gateway.dataDir, 'backup.json'));
  expect(await must('users', 'list')).not.toContain('offline');
  expect(await must('check', '--set', 'listen.port=0')).toMatch(/All is well[^\n]*\n$/);
  expect((await command('servers', 'stop', '--all')).stdout).toContain('Stopped');
});

test('a large state: killed, the gateway finds the session that began a moment ago', async () => {
  const dataDir = freshFolder();
  const store = await openStore({ dataDir, log: collectLog().log });
  const text = 'x'.repeat(500);
  await store.state.update((draft) => {
    for (let n = 0; n < 1000; n++) draft.choices[`someone${n}/default`] = { text };
  });
  await store.close();
  const large = await startGateway({ env: { PATH: '/usr/bin:/bin' }, dataDir });
  const [[, link] = []] = [...large.links()];
  const browser = new Visitor(large.origin);
  await browser.submit(await browser.get(link ?? ''));
  await large.end('SIGKILL');
  expect(readFileSync(join(dataDir, 'state.json'), 'utf8')).not.toContain('"account"');
  expect(readFileSync(join(dataDir, 'state.changes'), 'utf8')).toContain('"account"');
  const again = await startGateway({
    env: { PATH: '/usr/bin:/bin' },
    dataDir,
    port: Number(new URL(large.origin).port),
  });
  expect((await browser.get('/hub/home', { follow: false })).status).toBe(200);
  await again.end();
  expect(readFileSync(join(dataDir, 'state.json'), 'utf8')).toContain('"account"');
  expect(existsSync(join(dataDir, 'state.changes'))).toBe(false);
});

test('`check` reads state.json with what was appended to it, and finds a damaged line', async () => {
  const dataDir = freshFolder();
  const store = await openStore({ dataDir, log: collectLog().log, batchMs: 1, wholeBytes: 0 });
  for (const key of ['ann/a', 'ann/b', 'ann/c']) await store.state.update((draft) => void (draft.choices[key] = {}));
  const [state, changes] = [join(dataDir, 'state.json'), join(dataDir, 'state.changes')];
  const kept = [state, changes].map((path) => [path, readFileSync(path, 'utf8')] as const);
  await store.close();
  for (const [path, text] of kept) writeFileSync(path, text, { mode: 0o600 });
  const check = () => runCommand(['check', '--data', dataDir, '--set', 'listen.port=0'], { cwd: dataDir });
  expect(await check()).toMatchObject({ code: 0, stdout: expect.stringContaining('All is well') as string });
  writeFileSync(changes, readFileSync(changes, 'utf8').replace('"ann/b"', '"ann/B"'));
  expect(await check()).toMatchObject({
    code: 78,
    stdout: expect.stringContaining('A part of state.changes, which holds what was changed since') as string,
  });
});

describeWith(['root'], 'a gateway that runs as root', () => {
  test("refuses another user's data folder, and says what would mend it", async () => {
    const { chownSync, mkdtempSync } = await import('node:fs');
    const dataDir = mkdtempSync(join(tmpdir(), 'gw-foreign-'));
    chownSync(dataDir, 12_345, 12_345);
    const refused = await startGateway({ dataDir });
    expect(await refused.end()).toBe(77);
    expect(refused.output()).toContain(
      `${dataDir} belongs to the user with uid 12345, but the gateway runs with uid 0`,
    );
    expect(refused.output()).toContain('chown -R 0');
  });
});
