import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { request } from 'node:http';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Account } from '../../src/access/types.ts';
import { createPrograms } from '../../src/servers/programs.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { JobPool } from '../../src/spawners/pool.ts';
import { createWarmSpawner } from '../../src/spawners/warm.ts';
import { forkServerKnows } from '../helpers/forkServerKnows.ts';
import { createHubWorld } from '../helpers/hubWorld.ts';
import type { HubWorld } from '../helpers/hubWorld.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import type { RealPart } from '../helpers/requires.ts';
import { createServersWorld, ownAccount } from '../helpers/serversWorld.ts';
import type { ServersWorld } from '../helpers/serversWorld.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';

interface Whose {
  account: Account;
  remove(): void;
}

/** The same life for the gateway's own user and, as root, for any other account. */
function suite(title: string, needs: readonly RealPart[], whose: () => Whose): void {
  describeWith(['cylc', ...needs], `the real cylc hubapp of ${title}`, () => {
    let who: Whose;
    let pool: JobPool;
    let hubWorld: HubWorld;
    let world: ServersWorld;
    let dataDir: string;

    beforeAll(async () => {
      who = whose();
      pool = createJobPool();
      dataDir = shortFolder('cg-data');
      const spawner = createAccountSpawner({ pool });
      const warm = createWarmSpawner({
        account: spawner,
        pool,
        dataDir,
        runtimeDir: dataDir,
        log: pino({ level: 'silent' }),
      });
      hubWorld = await createHubWorld({ people: [who.account], runtimeDir: shortFolder('cg-hub'), realClock: true });
      world = await createServersWorld({
        spawners: [warm, spawner],
        account: who.account,
        programs: createPrograms({ configured: cylcBin(), dataDir, searchPath: '' }),
        hub: hubWorld.hub.contract,
        config: { startTimeoutS: 60 },
      });
    });
    afterAll(async () => {
      await world.close();
      await hubWorld.close();
      await pool.close();
      await rm(dataDir, { recursive: true });
      who.remove();
    });

    test('starts warm and unmodified, in a fraction of its cold memory', async () => {
      await forkServerKnows(dataDir);
      await world.start();
      const first = await world.became('ready', world.key, 60_000);
      const second = { owner: world.key.owner, name: 'second' };
      await world.start('good', second);
      const view = await world.became('ready', second, 60_000);
      const upstream = view.upstream as { path: string };
      expect(await status(upstream, `${view.prefix}api`)).toBe(200);
      expect(await status(upstream, `${view.prefix}cylc/`)).toBe(302);
      expect(await world.logText()).toContain('Cylc UI Server');
      expect(privateKb(view.pid as number)).toBeLessThan(50_000);
      expect(first.pid).not.toBe(view.pid);
      expect((await world.events(second)).map(({ message }) => message).join()).not.toContain('slow way');
    });

    test('runs as its account alone, with its groups and nothing of the gateway', () => {
      const { pid } = world.servers.get(world.key) ?? {};
      const process = `/proc/${pid as number}`;
      const state = readFileSync(`${process}/status`, 'utf8');
      const { uid, gid, name } = who.account;
      expect(numbers(state, 'Uid')).toEqual([uid, uid, uid, uid]);
      expect(numbers(state, 'Gid')).toEqual([gid, gid, gid, gid]);
      expect(new Set(numbers(state, 'Groups'))).toEqual(new Set(groupsOf(name)));
      const environment = readFileSync(`${process}/environ`, 'utf8');
      expect(environment).not.toContain('VITEST');
      expect(readFileSync(`${process}/cmdline`, 'utf8').split('\0').slice(0, 2)).toEqual([cylcBin(), 'hubapp']);
    });

    test('stops by SIGTERM with exit code 0', async () => {
      const { pid } = world.servers.get(world.key) ?? {};
      process.kill(pid as number, 'SIGTERM');
      expect(await world.became('stopped')).toMatchObject({ failure: null });
    });
  });
}

suite('the user of the gateway', [], () => ({ account: ownAccount(), remove: () => {} }));
suite('another account', ['root'], () => {
  const account = makeSystemAccount();
  return { account, remove: () => account.remove() };
});

function numbers(status: string, field: string): number[] {
  const line = status.split('\n').find((text) => text.startsWith(`${field}:`)) ?? '';
  return line
    .slice(field.length + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
}

/** From the account's login: what `id` says of the name, not of the running tests. */
function groupsOf(name: string): number[] {
  return execFileSync('id', ['-G', name], { encoding: 'utf8' }).trim().split(' ').map(Number);
}

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
  return lines
    .filter((line) => line.startsWith('Private_'))
    .reduce((sum, line) => sum + Number(/\d+/.exec(line)?.[0]), 0);
}
