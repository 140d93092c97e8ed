import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { emptyRecord } from '../../src/servers/records.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { Spawner } from '../../src/spawners/types.ts';
import { createServersWorld, runs } from '../helpers/serversWorld.ts';
import type { ServersWorld } from '../helpers/serversWorld.ts';
import { until } from '../helpers/until.ts';

let world: ServersWorld;
const pool = createJobPool({ threads: 1 });
afterAll(() => pool.close());
beforeEach(async () => {
  world = await createServersWorld();
});
afterEach(() => world.close());

function get(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
}

test('a server starts, answers at its route, and stops without a trace', async () => {
  const accepted = await world.start();
  expect(accepted.phase).toBe('queued');
  const view = await world.became('ready');
  expect(world.phases).toEqual(['queued', 'starting', 'ready']);
  const route = [...world.routes.routes()][0];
  expect(route).toMatchObject({ prefix: view.prefix, upstream: view.upstream });
  const { path } = view.upstream as { path: string };
  expect(JSON.parse(await get(path, `${view.prefix}x`))).toEqual({ url: `${view.prefix}x`, pid: view.pid });

  await world.servers.stop(world.key, { by: 'test' });
  expect(world.servers.get(world.key)).toMatchObject({ phase: 'stopped', pid: null, upstream: null, failure: null });
  expect([...world.routes.routes()]).toEqual([]);
  expect(world.hub.forgotten).toEqual([world.key]);
  expect(await runs(view.pid as number)).toBe(false);
});

test('the server leads a session of its own, has init as grandparent, and leaves no zombie', async () => {
  await world.start();
  const { pid } = await world.became('ready');
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? [];
  const [, waiter, group, session] = stat;
  expect([group, session]).toEqual([String(pid), String(pid)]);
  const parent = readFileSync(`/proc/${waiter}/stat`, 'latin1').split(') ')[1]?.split(' ')[1];
  expect(parent).not.toBe(String(process.pid));
  await world.servers.stop(world.key, { by: 'test' });
  await until(async () => !(await runs(Number(waiter))));
  expect(() => readFileSync(`/proc/${pid}/stat`)).toThrow('ENOENT');
});

test('its environment, folder and umask are what was planned, and nothing of the gateway', async () => {
  await world.close();
  world = await createServersWorld({ config: { umask: '0027' } });
  process.env['GATEWAY_PRIVATE'] = 'x';
  await world.start('env');
  await world.became('ready');
  const line = /^env (.*)$/m.exec(await world.logText())?.[1] ?? '';
  const { env, cwd, umask } = JSON.parse(line) as { env: Record<string, string>; cwd: string; umask: number };
  const { account } = world;
  expect(env).toMatchObject({ USER: account.name, LOGNAME: account.name, HOME: account.home, LANG: 'C.UTF-8' });
  expect(Object.keys(env).sort()).toEqual(
    ['HOME', 'JUPYTERHUB_API_TOKEN', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'SMALL_SERVER', 'USER'].sort(),
  );
  expect([cwd, umask]).toEqual([account.home, 0o027]);
});

test('resource limits of the site hold for the server', async () => {
  await world.close();
  world = await createServersWorld({ config: { limits: { nofile: 512, core: 0 } } });
  await world.start();
  const { pid } = await world.became('ready');
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  expect(limits).toMatch(/^Max open files +512 +512 /m);
  expect(limits).toMatch(/^Max core file size +0 +0 /m);
});

test('a profile sets folder, umask and limits of its own; limits of the site that it does not name stay', async () => {
  await world.close();
  const here = { name: 'here', title: 'Here', cwd: '~/..', umask: '0077', limits: { nofile: 256 } };
  world = await createServersWorld({ config: { limits: { nofile: 512, core: 0 } }, profiles: [here] });
  await world.start('env');
  const { pid } = await world.became('ready');
  const line = /^env (.*)$/m.exec(await world.logText())?.[1] ?? '';
  expect(JSON.parse(line)).toMatchObject({ cwd: resolve(world.account.home, '..'), umask: 0o077 });
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  expect(limits).toMatch(/^Max open files +256 +256 /m);
  expect(limits).toMatch(/^Max core file size +0 +0 /m);
});

test('progress tells the whole start, also to a late comer, and always ends', async () => {
  await world.start();
  const live = world.events();
  await world.became('ready');
  const late = await world.events();
  expect(await live).toEqual(late);
  expect(late.map(({ id }) => id)).toEqual(late.map((_, index) => index + 1));
  expect(late.at(-1)).toMatchObject({ ready: true, progress: 100, url: `/user/${world.key.owner}/` });
  await world.servers.stop(world.key, { by: 'test' });
  expect((await world.events()).at(-1)).toMatchObject({ phase: 'stopped' });
});

test('a server that dies at once tells its owner exit code, command and log, without secrets', async () => {
  await world.start('dies');
  const { failure, pid } = await world.became('failed');
  expect(pid).toBeNull();
  expect(failure).toMatchObject({ code: 'spawn.failed', exitCode: 3, signal: null });
  expect(failure?.reason).toContain('exit code 3');
  expect(failure?.logTail).toContain('the moon is full');
  expect(failure?.command).toContain('smallServer.ts --sock=');
  expect(JSON.stringify(failure)).not.toContain('very-secret-token');
  expect((await world.events()).at(-1)).toMatchObject({ failed: true, message: failure?.reason });
});

test('a server that is killed from outside is told with its signal, and can be started again', async () => {
  await world.start();
  const { pid } = await world.became('ready');
  process.kill(pid as number, 'SIGKILL');
  const { failure } = await world.became('failed');
  expect(failure).toMatchObject({ signal: 'SIGKILL', exitCode: null });
  expect([...world.routes.routes()]).toEqual([]);
  await world.start();
  await world.became('ready');
});

test('a server that ends by itself with exit code 0 is stopped, not failed', async () => {
  await world.start('leaves:500');
  await world.became('ready');
  expect(await world.became('stopped')).toMatchObject({ failure: null });
});

test('an answer over HTTP is not enough: the server must have called the Hub', async () => {
  world.hub.contacted = false;
  await world.start();
  const { path } = (await until(() => world.servers.get(world.key)?.upstream)) as { path: string };
  await until(() => get(path, '/').catch(() => undefined));
  expect(world.servers.get(world.key)?.phase).toBe('starting');
  world.hub.contacted = true;
  await world.became('ready');
});

test('a start is cancelled by stop, and what was launched is ended', async () => {
  await world.start('deaf');
  const pid = await until(() => world.servers.get(world.key)?.pid);
  const events = world.events();
  await world.servers.stop(world.key, { by: 'test' });
  expect(await runs(pid)).toBe(false);
  expect((await events).at(-1)).toMatchObject({ phase: 'stopped', failed: true });
});

test('a start that is cancelled before anything is launched launches nothing', async () => {
  await world.start();
  await world.servers.stop(world.key, { by: 'test' });
  expect(world.servers.get(world.key)).toMatchObject({ phase: 'stopped', pid: null });
});

test('a server that ignores SIGTERM is killed with its group after the stop timeout', async () => {
  await world.start('stubborn');
  const { pid } = await world.became('ready');
  await world.servers.stop(world.key, { by: 'test' });
  expect(await runs(pid as number)).toBe(false);
});

test('force does not wait for the stop timeout', async () => {
  await world.close();
  world = await createServersWorld({ config: { stopTimeoutS: 300 } });
  await world.start('stubborn');
  await world.became('ready');
  const patient = world.servers.stop(world.key, { by: 'test' });
  await world.servers.stop(world.key, { by: 'test', force: true });
  await patient;
  expect(world.servers.get(world.key)?.phase).toBe('stopped');
});

test('children that a server leaves in its process group end with it', async () => {
  await world.start('child');
  await world.became('ready');
  const child = Number(/^child (\d+)$/m.exec(await world.logText())?.[1]);
  expect(await runs(child)).toBe(true);
  await world.servers.stop(world.key, { by: 'test' });
  await until(async () => !(await runs(child)));
});

test('a start while stopping waits for the stop; a second one is refused; another stop takes it back', async () => {
  await world.start('stubborn');
  const first = await world.became('ready');
  const stopped = world.servers.stop(world.key, { by: 'test' });
  await world.start();
  await expect(world.start()).rejects.toMatchObject({ code: 'server.exists' });
  await stopped;
  const second = await world.became('ready');
  expect(second.pid).not.toBe(first.pid);
  await expect(world.start()).rejects.toMatchObject({ code: 'server.exists' });
});

test('who follows a stop that a start waits for sees both, to the end of the start', async () => {
  await world.start();
  await world.became('ready');
  const stopped = world.servers.stop(world.key, { by: 'test' });
  const events = world.events();
  await world.start();
  await stopped;
  const phases = (await events).map(({ phase }) => phase);
  expect([...new Set(phases)]).toEqual(['stopping', 'queued', 'starting', 'ready']);
});

test('an account has so many servers, and the site so many in all: one is refused, the other waits', async () => {
  await world.close();
  world = await createServersWorld({ config: { serversPerAccount: 2, serversAtMost: 1 } });
  const named = (name: string) => ({ owner: world.key.owner, name });
  await world.start();
  await world.became('ready');
  await world.start('good', named('second'));
  await expect(world.start('good', named('third'))).rejects.toMatchObject({ code: 'server.limit' });
  const waiting = until(async () => {
    const signal = AbortSignal.timeout(200);
    for await (const { message } of world.servers.progress(named('second'), signal))
      if (message.includes('as many servers as it may')) return true;
    return false;
  });
  expect(await waiting).toBe(true);
  expect(world.servers.get(named('second'))?.phase).toBe('queued');
  await world.servers.stop(world.key, { by: 'test' });
  await world.became('ready', named('second'));
});

test('an account has so many named servers, running or not, however they are made; a restart of the gateway counts too', async () => {
  await world.close();
  world = await createServersWorld({ config: { namedServersPerAccount: 2 } });
  const named = (name: string) => ({ owner: world.key.owner, name });
  const { servers } = world;
  const limit = {
    code: 'server.limit',
    message: `User ${world.key.owner} has 2 named servers already, and an account may have 2 here.`,
    advice: 'Delete one that you no longer need.',
  };
  const made = await Promise.allSettled(['a', 'b', 'c'].map((name) => servers.create(named(name), {})));
  expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  await world.restart();
  await expect(world.servers.create(named('d'), {})).rejects.toMatchObject(limit);
  await expect(world.start('good', named('d'))).rejects.toMatchObject(limit);
  expect(world.servers.list().map(({ name }) => name)).toEqual(['a', 'b']);
  await expect(world.servers.edit(named('a'), { name: 'e' })).resolves.toMatchObject({ name: 'e' });
  await world.start();
  await world.servers.remove(named('b'), { by: 'test' });
  const starts = await Promise.allSettled([world.start('good', named('f')), world.start('good', named('g'))]);
  expect(starts.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  await expect(world.servers.create({ owner: 'another', name: 'a' }, {})).resolves.toMatchObject({ owner: 'another' });
});

test('a named server that is written into the records by hand is not refused, but counts', async () => {
  await world.close();
  world = await createServersWorld({ config: { namedServersPerAccount: 0 } });
  const named = (name: string) => ({ owner: world.key.owner, name });
  world.store.editState((draft) => void (draft.servers[`${world.key.owner}/hand`] = emptyRecord(named('hand'))));
  await world.start('good', named('hand'));
  await world.became('ready', named('hand'));
  await expect(world.servers.create(named('other'), {})).rejects.toMatchObject({
    code: 'server.limit',
    message: 'This site has no named servers, only the default one.',
  });
});

test('the address of a named server stays its own while it is stopped, also after a restart', async () => {
  const named = { owner: world.key.owner, name: 'nowcast' };
  await world.start('good', named);
  await world.became('ready', named);
  await world.servers.stop(named, { by: 'test' });
  const match = () => world.routes.match(`/user/${named.owner}/nowcast/x`);
  expect(match()).toEqual({ target: { kind: 'server', ...named }, route: undefined });
  await world.restart();
  expect(match()?.target).toEqual({ kind: 'server', ...named });
});

test('a server that has nothing at its address is not ready: it fails with that address, and is ended', async () => {
  await world.close();
  world = await createServersWorld({ config: { startTimeoutS: 5 } });
  await world.start('elsewhere');
  const pid = await until(() => world.servers.get(world.key)?.pid);
  const { failure } = await world.became('failed');
  expect(failure).toMatchObject({ code: 'spawn.timeout', reason: expect.stringContaining('(404)') });
  expect(await runs(pid)).toBe(false);
});

test('a server that never answers fails after the start timeout and is ended', async () => {
  await world.close();
  world = await createServersWorld({ config: { startTimeoutS: 1 } });
  await world.start('deaf');
  const pid = await until(() => world.servers.get(world.key)?.pid);
  const { failure } = await world.became('failed');
  expect(failure).toMatchObject({ code: 'spawn.timeout' });
  expect(await runs(pid)).toBe(false);
});

test('a command that is not there is named as such', async () => {
  await world.close();
  const programs = [{ id: 'x', title: 'x', kind: 'cylc' as const, path: '/nowhere/cylc', version: undefined }];
  world = await createServersWorld({ programs: { list: () => programs } });
  await world.start();
  const { failure } = await world.became('failed');
  expect(failure).toMatchObject({ code: 'spawn.command-missing', exitCode: 127 });
});

test('a server that forks itself away has failed, and what it left behind is ended, in whatever session', async () => {
  await world.start('twice');
  await world.became('failed');
  const sockets = await pool.run('strays', { folder: join(world.folder, 'run') });
  expect(sockets).toEqual([]);
});

test.each([['dies at its first request', 'mortal', { exitCode: 9 }]])(
  'a server that %s has failed with its exit code',
  async (_, mode, expected) => {
    await world.start(mode);
    expect((await world.became('failed')).failure).toMatchObject(expected);
  },
);

test('a process that could not be killed is watched, and once it is gone the server can be started again', async () => {
  await world.close();
  const account = createAccountSpawner({ pool });
  const unkillable: Spawner = { ...account, stop: () => Promise.resolve() };
  world = await createServersWorld({ spawners: [unkillable], config: { startTimeoutS: 1 } });
  await world.start('deaf');
  const { pid } = await world.became('failed');
  expect(await runs(pid as number)).toBe(true);
  await expect(world.start()).rejects.toMatchObject({ code: 'stop.failed' });
  process.kill(pid as number, 'SIGKILL');
  await until(() => world.servers.get(world.key)?.pid === null);
  Object.assign(unkillable, { stop: account.stop.bind(account) });
  expect(world.servers.get(world.key)?.failure).toMatchObject({ code: 'spawn.timeout' });
  await world.start();
  await world.became('ready');
}, 40_000);

test('a server that closes its output is as good as any', async () => {
  await world.start('closes');
  const { pid } = await world.became('ready');
  await world.servers.stop(world.key, { by: 'test' });
  expect(await runs(pid as number)).toBe(false);
});

test('servers whose records were lost are found, and ended only when somebody asks for it', async () => {
  await world.start();
  const { pid } = await world.became('ready');
  expect(await world.servers.strays.list()).toEqual([]);
  await world.servers.close();
  await world.store.state.update((draft) => void (draft.servers = {}));
  await world.restart();
  expect(await world.servers.strays.list()).toMatchObject([{ pid, uid: world.account.uid }]);
  expect(await runs(pid as number)).toBe(true);
  await expect(world.servers.strays.end(process.pid)).rejects.toMatchObject({ code: 'request.not-found' });
  await world.servers.strays.end(pid as number);
  await until(async () => !(await runs(pid as number)));
});
