import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPrograms } from '../../src/servers/programs.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { JobPool } from '../../src/spawners/pool.ts';
import { createWarmSpawner } from '../../src/spawners/warm.ts';
import { createHubWorld } from '../helpers/hubWorld.ts';
import type { HubWorld } from '../helpers/hubWorld.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { createServersWorld, ownAccount } from '../helpers/serversWorld.ts';
import type { ServersWorld } from '../helpers/serversWorld.ts';
import { shortFolder } from '../helpers/shortFolder.ts';

describeWith(['cylc'], 'the real cylc hubapp', () => {
  let pool: JobPool;
  let hubWorld: HubWorld;
  let world: ServersWorld;

  beforeAll(async () => {
    pool = createJobPool();
    const dataDir = shortFolder('cg-data');
    const account = createAccountSpawner({ pool });
    const warm = createWarmSpawner({ account, dataDir, log: pino({ level: 'silent' }) });
    hubWorld = await createHubWorld({ people: [ownAccount()], runtimeDir: shortFolder('cg-hub'), realClock: true });
    const programs = createPrograms({ configured: cylcBin(), dataDir, searchPath: '' });
    world = await createServersWorld({
      spawners: [warm, account],
      programs,
      hub: hubWorld.hub.contract,
      config: { startTimeoutS: 60 },
    });
  });
  afterAll(async () => {
    await world.close();
    await hubWorld.close();
    await pool.close();
  });

  test('starts warm, unmodified, in a fraction of its cold time and memory', async () => {
    await world.start();
    const first = await world.became('ready', world.key, 60_000);
    const second = { owner: world.key.owner, name: 'second' };
    const begun = performance.now();
    await world.start('good', second);
    const view = await world.became('ready', second, 60_000);
    const warmMs = performance.now() - begun;
    expect(await status(view.upstream as { path: string }, `${view.prefix}api`)).toBe(200);
    expect(await status(view.upstream as { path: string }, `${view.prefix}cylc/`)).toBe(302);
    expect(await world.logText()).toContain('Cylc UI Server');
    expect(privateKb(view.pid as number)).toBeLessThan(50_000);
    // Cold it takes 2 s on an idle machine and up to 17 on a busy one.
    expect(warmMs).toBeLessThan(5000);
    expect(first.pid).not.toBe(view.pid);
    expect((await world.events(second)).map(({ message }) => message).join()).not.toContain('slow way');
  });

  test('stops by SIGTERM with exit code 0', async () => {
    const { pid } = world.servers.get(world.key) ?? {};
    process.kill(pid as number, 'SIGTERM');
    expect(await world.became('stopped')).toMatchObject({ failure: null });
  });
});

function status(upstream: { path: string }, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ socketPath: upstream.path, path, headers: { host: 'localhost' } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

/** Private memory, kB (proc(5), smaps_rollup). */
function privateKb(pid: number): number {
  const lines = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('Private_')).reduce((sum, line) => sum + Number(/\d+/.exec(line)?.[0]), 0);
}
