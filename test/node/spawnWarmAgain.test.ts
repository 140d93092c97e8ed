import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPrograms } from '../../src/servers/programs.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { JobPool } from '../../src/spawners/pool.ts';
import { createWarmSpawner } from '../../src/spawners/warm.ts';
import { makeFakeCylc } from '../helpers/fakeCylc.ts';
import { describeWith } from '../helpers/requires.ts';
import { createServersWorld, runs } from '../helpers/serversWorld.ts';
import type { ServersWorld } from '../helpers/serversWorld.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { until } from '../helpers/until.ts';

describeWith(['python'], 'a fork server whose gateway is killed', () => {
  let folder: string;
  let runtimeDir: string;
  let packages: string;
  let cylc: string;
  let pool: JobPool;
  const worlds: ServersWorld[] = [];
  const logged: string[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cg-warm-'));
    runtimeDir = shortFolder('cg-warm');
    ({ cylc } = makeFakeCylc(join(folder, 'venv')));
    const lib = join(folder, 'venv/lib');
    packages = join(lib, readdirSync(lib)[0] ?? '', 'site-packages');
    pool = createJobPool();
    logged.length = 0;
  });
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
    await pool.close();
    for (const path of [folder, runtimeDir]) rmSync(path, { recursive: true, force: true });
  });

  /** A gateway's part of it; each has the fork server's folder in common. */
  const openWorld = async (patienceS = 30): Promise<ServersWorld> => {
    const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(line) });
    const account = createAccountSpawner({ pool });
    const warm = createWarmSpawner({ account, pool, dataDir: join(folder, 'data'), runtimeDir, log, patienceS });
    const programs = createPrograms({ configured: cylc, dataDir: folder, searchPath: '' });
    const world = await createServersWorld({ spawners: [warm], programs });
    worlds.push(world);
    return world;
  };
  /** Starts a server; which process it came out of. */
  const startIn = async (world: ServersWorld): Promise<{ pid: number; parent: number; messages: string }> => {
    await world.start();
    const { pid } = await world.became('ready');
    const messages = (await world.events()).map(({ message }) => message).join('\n');
    return { pid: pid as number, parent: parentOf(pid as number), messages };
  };
  const socketPath = (): string => join(runtimeDir, 'warm', readdirSync(join(runtimeDir, 'warm'))[0] ?? '');
  /** What the kernel does to its connection at SIGKILL of a gateway. */
  const killGateway = async (): Promise<void> => {
    const socket = await talk(socketPath());
    socket.destroy();
  };

  test('is found by the next gateway, and goes on with its servers', async () => {
    const before = await openWorld();
    const first = await startIn(before);
    await killGateway();
    const second = await startIn(await openWorld());
    expect(second.parent).toBe(first.parent);
    expect(logged.join('')).toContain('found again');
    process.kill(first.pid, 'SIGKILL');
    expect((await before.became('failed')).failure).toMatchObject({ signal: 'SIGKILL' });
  });

  test('is found while it still imports, and waited for: no start is a cold one', async () => {
    const first = await startIn(await openWorld());
    process.kill(first.parent, 'SIGKILL');
    await until(async () => !(await runs(first.parent)));
    appendFileSync(join(packages, 'costly.py'), 'import time\ntime.sleep(3)\n');
    await openWorld();
    const importing = await until(() => forkServersOf(runtimeDir)[0]);
    // It listens before it imports: somebody connects and is gone again by the time it looks.
    await until(() => connects(socketPath()));
    const { parent, messages } = await startIn(await openWorld());
    expect(parent).toBe(importing);
    expect(messages).not.toContain('slow way');
    expect(forkServersOf(runtimeDir)).toEqual([importing]);
  }, 30_000);

  test('is not used by a gateway that finds other packages installed', async () => {
    const first = await startIn(await openWorld());
    await killGateway();
    mkdirSync(join(packages, 'another-1.0.dist-info'));
    expect((await startIn(await openWorld())).parent).not.toBe(first.parent);
  });

  test('is not found after an orderly end', async () => {
    const first = await startIn(await openWorld());
    await worlds[0]?.servers.close();
    expect(readdirSync(join(runtimeDir, 'warm'))).toEqual([]);
    const second = await startIn(await openWorld());
    expect(second.parent).not.toBe(first.parent);
  });

  test('ends where no gateway comes: after its last server, and not before', async () => {
    const world = await openWorld(0.5);
    const { pid, parent } = await startIn(world);
    await killGateway();
    await new Promise((resolve) => void setTimeout(resolve, 1000));
    expect(await runs(parent)).toBe(true);
    process.kill(pid, 'SIGKILL');
    expect((await world.became('failed')).failure).toMatchObject({ signal: 'SIGKILL' });
    await until(async () => !(await runs(parent)));
    expect(readdirSync(join(runtimeDir, 'warm'))).toEqual([]);
  });

  test('the socket of one that was killed too is in nobody’s way', async () => {
    const first = await startIn(await openWorld());
    process.kill(first.parent, 'SIGKILL');
    await until(async () => !(await runs(first.parent)));
    const second = await startIn(await openWorld());
    expect(second.messages).not.toContain('slow way');
  });

  test('a folder that others can enter is not used: starts are cold, and the log says why', async () => {
    mkdirSync(join(runtimeDir, 'warm'));
    chmodSync(join(runtimeDir, 'warm'), 0o755);
    const { messages } = await startIn(await openWorld());
    expect(messages).toContain('slow way');
    expect(logged.join('')).toContain('is not a folder of this user alone');
    expect(forkServersOf(runtimeDir)).toEqual([]);
  });

  test.each([
    ['an HTTP request', 'GET /user/a/ HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a request without a greeting', '{"end":true}\n'],
    ['a line without an end', 'x'.repeat(200_000)],
    ['JSON that nests too deep', `${'['.repeat(90)}\n`],
    ['nothing', ''],
  ])('sends away whoever is no gateway, and goes on: %s', async (_, said) => {
    const world = await openWorld();
    const { parent } = await startIn(world);
    const socket = connect(socketPath()).on('error', () => {});
    socket.end(said);
    const heard: Buffer[] = [];
    socket.on('data', (data: Buffer) => void heard.push(data));
    await closed(socket);
    expect(Buffer.concat(heard).toString()).toBe('');
    const other = { owner: world.key.owner, name: 'second' };
    await world.start('good', other);
    expect(parentOf((await world.became('ready', other)).pid ?? 0)).toBe(parent);
  });

  test.each(['no JSON', '[1]', '{"run":7,"id":"x"}', '{"id":1}', 'y'.repeat(200_000)])(
    'outlives a gateway that speaks nonsense: %.20s',
    async (said) => {
      const { parent } = await startIn(await openWorld());
      const gateway = await talk(socketPath());
      gateway.on('error', () => {}).end(`${said}\n`);
      await closed(gateway);
      expect((await startIn(await openWorld())).parent).toBe(parent);
    },
  );

  describeWith(['root'], 'with root', () => {
    test('hears no other user, even where the folder lets one in', async () => {
      const { parent } = await startIn(await openWorld());
      for (const [path, mode] of [
        [runtimeDir, 0o755],
        [join(runtimeDir, 'warm'), 0o755],
        [socketPath(), 0o777],
      ] as const)
        chmodSync(path, mode);
      const script = `import socket; s = socket.socket(socket.AF_UNIX); s.connect(${JSON.stringify(socketPath())})\ntry: s.send(b'{"gateway":true}\\n'); print(s.recv(100))\nexcept OSError: print(b'')`;
      const said = execFileSync('setpriv', ['--reuid=65534', '--clear-groups', '/usr/bin/python3', '-c', script]);
      expect(said.toString().trim()).toBe("b''");
      const other = { owner: worlds[0]?.key.owner ?? '', name: 'second' };
      await worlds[0]?.start('good', other);
      expect(parentOf((await worlds[0]?.became('ready', other))?.pid ?? 0)).toBe(parent);
    });
  });
});

/** However it ended: one whose last words were not read is reset. */
async function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

/** A connection that the fork server has taken for its gateway's. */
async function talk(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.write('{"gateway":true}\n');
  await once(socket, 'data');
  return socket;
}

async function connects(path: string): Promise<boolean> {
  const socket = connect(path);
  return new Promise((resolve) => {
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** Processes whose command line still is that of a fork server with this folder. */
function forkServersOf(runtimeDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
        return line.includes('forkserver.server') && line.includes(runtimeDir);
      } catch {
        return false;
      }
    })
    .map(Number);
}
