import { closeSync, mkdtempSync, openSync, readFileSync, readSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPrograms } from '../../src/servers/programs.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { JobPool } from '../../src/spawners/pool.ts';
import type { Spawner } from '../../src/spawners/types.ts';
import { createWarmSpawner } from '../../src/spawners/warm.ts';
import type { ServerKey } from '../../src/servers/types.ts';
import { makeFakeCylc } from '../helpers/fakeCylc.ts';
import { describeWith } from '../helpers/requires.ts';
import { createServersWorld, runs } from '../helpers/serversWorld.ts';
import type { ServersWorld } from '../helpers/serversWorld.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { until } from '../helpers/until.ts';

/** What the fake Cylc says of itself at its start. */
interface Seen {
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  umask: number;
  pid: number;
  sid: number;
  costly: number;
  own: number;
  home: string;
  fds: string[];
  stdin: string;
  sigint: string;
  names: string[];
  path: string;
  fork_server: number;
}

describeWith(['python'], 'warm start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cg-warm-'));
  let fake: { cylc: string; python: string };
  let pool: JobPool;
  let warm: Spawner;
  let world: ServersWorld;
  const logged: string[] = [];

  beforeAll(() => {
    fake = makeFakeCylc(join(folder, 'venv'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  beforeEach(async () => {
    logged.length = 0;
    pool = createJobPool();
    const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
    const runtimeDir = shortFolder('cg-warm');
    warm = createWarmSpawner({
      account: createAccountSpawner({ pool }),
      pool,
      dataDir: join(folder, 'data'),
      runtimeDir,
      log,
    });
    const programs = createPrograms({ configured: fake.cylc, dataDir: folder, searchPath: '' });
    world = await createServersWorld({ spawners: [warm], programs, config: { umask: '0027' } });
  });
  afterEach(async () => {
    await world.close();
    await pool.close();
  });

  const messagesOf = async (key: ServerKey): Promise<string> =>
    (await world.events(key)).map(({ message }) => message).join('\n');
  const seen = async (): Promise<Seen> => JSON.parse((await world.logText()).split('\n')[0] ?? '') as Seen;

  test('a server comes out of the fork server as its own command would run it', async () => {
    await world.start();
    const { pid, upstream } = await world.became('ready');
    const child = await seen();
    expect(child).toMatchObject({
      pid,
      sid: pid,
      cwd: world.account.home,
      umask: 0o027,
      stdin: '/dev/null',
      names: [],
    });
    expect(child.argv.slice(0, 2)).toEqual([fake.cylc, 'hubapp']);
    expect(child.path).toBe(join(folder, 'venv/bin'));
    expect(child.sigint).toContain('default_int_handler');
    expect(child.env).toMatchObject({ USER: world.account.name, HOME: world.account.home });
    expect(child.fds).toEqual(['0', '1', '2', '3']); // 3: the look at the folder itself
    expect(upstream).toMatchObject({ kind: 'unix' });
  });

  test("third-party modules are shared; Cylc's own, and those that remember a home, are the child's", async () => {
    await world.start();
    const { pid } = await world.became('ready');
    const child = await seen();
    expect(child.costly).toBe(child.fork_server);
    expect(child.own).toBe(pid);
    expect(child.home).toBe(world.account.home);
  });

  test('ps shows the command of the server, and its environment is nowhere in the fork server', async () => {
    await world.start();
    const { pid } = await world.became('ready');
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, 2)).toEqual([fake.cylc, 'hubapp']);
    expect(readdirSync(join(world.folder, 'run/starts')).filter((name) => name.endsWith('.plan'))).toEqual([]);
    const { fork_server: forkServer } = await seen();
    expect(memoryHas(forkServer, 'homesick')).toBe(true);
    expect(memoryHas(forkServer, 'very-secret-token')).toBe(false);
  });

  test.each([
    ['dies', { exitCode: 3, signal: null }],
    ['raises', { exitCode: 1, signal: null }],
  ])('the exit code of a server that %s at once is learnt', async (mode, expected) => {
    await world.start(mode);
    const { failure } = await world.became('failed');
    expect(failure).toMatchObject(expected);
    if (mode === 'raises') expect(failure?.logTail).toContain('the moon is full');
  });

  test('the death of the fork server harms no server; the next start goes the slow way and says so', async () => {
    await world.start();
    const { pid } = await world.became('ready');
    const { fork_server: forkServer } = await seen();
    process.kill(forkServer, 'SIGKILL');
    await until(async () => !(await runs(forkServer)));
    await until(() => logged.some((line) => line.includes('fork server ended')));
    const other = { owner: world.key.owner, name: 'second' };
    await world.start('good', other);
    await world.became('ready', other);
    expect(await messagesOf(other)).toMatch(/No warm start .*slow way/);
    expect(world.servers.get(world.key)).toMatchObject({ phase: 'ready', pid });
  });

  test('a fork server that hangs holds up one start, which is cold; it is ended, its servers go on, and another takes its place', async () => {
    const made = performance.now();
    await world.start();
    const { pid } = await world.became('ready');
    const { fork_server: forkServer } = await seen();
    process.kill(forkServer, 'SIGSTOP');
    const second = { owner: world.key.owner, name: 'second' };
    await world.start('good', second);
    await world.became('ready', second);
    expect(await messagesOf(second)).toContain('it does not answer');
    await until(async () => !(await runs(forkServer)));
    expect(world.servers.get(world.key)).toMatchObject({ phase: 'ready', pid });
    // One that dies at once is not made again and again
    await sleep(Math.max(0, made + 10_500 - performance.now()));
    const third = { owner: world.key.owner, name: 'third' };
    await world.start('good', third);
    await world.became('ready', third);
    expect(await messagesOf(third)).not.toContain('slow way');
  }, 60_000);

  test('a fork server that is busy for a while is waited for', async () => {
    await world.start();
    await world.became('ready');
    const { fork_server: forkServer } = await seen();
    process.kill(forkServer, 'SIGSTOP');
    const second = { owner: world.key.owner, name: 'second' };
    await world.start('good', second);
    await sleep(3000);
    process.kill(forkServer, 'SIGCONT');
    await world.became('ready', second);
    expect(await messagesOf(second)).not.toContain('slow way');
    expect(await runs(forkServer)).toBe(true);
  }, 30_000);

  test('without its gateway the fork server waits for its last server, notes its exit code, and ends', async () => {
    await world.start();
    const { pid } = await world.became('ready');
    const { fork_server: forkServer } = await seen();
    await warm.close();
    process.kill(pid as number, 'SIGKILL');
    const { failure } = await world.became('failed');
    expect(failure).toMatchObject({ signal: 'SIGKILL' });
    await until(async () => !(await runs(forkServer)));
  });
});

/** Whether the heap of a process has this text in it. */
function memoryHas(pid: number, text: string): boolean {
  const maps = readFileSync(`/proc/${pid}/maps`, 'latin1').split('\n');
  const heaps = maps.filter((line) => / rw-p .* 0 *(\[heap\])?$/.test(line));
  return heaps.some((line) => readRange(pid, line).includes(text));
}

function readRange(pid: number, line: string): Buffer {
  const [from = 0, to = 0] = (line.split(' ')[0] ?? '').split('-').map((hex) => Number.parseInt(hex, 16));
  const buffer = Buffer.alloc(to - from);
  const file = openSync(`/proc/${pid}/mem`, 'r');
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from));
  } catch {
    return Buffer.alloc(0);
  } finally {
    closeSync(file);
  }
}
