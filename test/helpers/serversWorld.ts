import { readFile, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Account } from '../../src/access/types.ts';
import { systemClock } from '../../src/clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { HubContract } from '../../src/hub/types.ts';
import { createRoutes } from '../../src/proxy/routes.ts';
import type { RouteTable } from '../../src/proxy/types.ts';
import { createServers } from '../../src/servers/createServers.ts';
import type { ServersRoom } from '../../src/servers/createServers.ts';
import type { Programs } from '../../src/servers/programs.ts';
import type { ProgressEvent, ServerKey, ServerView } from '../../src/servers/types.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createAccountCommands } from '../../src/spawners/accountCommands.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { Spawner } from '../../src/spawners/types.ts';
import { createUrls } from '../../src/urls.ts';
import { createMemoryStore } from './memoryStore.ts';
import type { MemoryStore } from './memoryStore.ts';
import { shortFolder } from './shortFolder.ts';
import { until } from './until.ts';

/** The servers room on real processes, with a store in memory and a Hub that has always been called. */
export interface ServersWorld {
  servers: ServersRoom;
  store: MemoryStore;
  routes: RouteTable;
  account: Account;
  key: ServerKey;
  folder: string;
  /** Each change of phase, in order. */
  phases: string[];
  hub: { contacted: boolean; forgotten: ServerKey[] };
  start(mode?: string, key?: ServerKey): Promise<ServerView>;
  became(phase: ServerView['phase'], key?: ServerKey, timeoutMs?: number): Promise<ServerView>;
  events(key?: ServerKey): Promise<ProgressEvent[]>;
  logText(): Promise<string>;
  /** As after SIGKILL of the gateway: a second room on the same store; the first is left alone. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export function ownAccount(): Account {
  const { username, uid, gid, homedir } = userInfo();
  return { name: username, uid, gid, home: homedir, shell: '/bin/sh', displayName: username, groups: [], admin: false };
}

export async function createServersWorld(
  options: {
    config?: Record<string, unknown>;
    profiles?: unknown[];
    spawners?: Spawner[];
    hub?: HubContract;
    programs?: Programs;
    account?: Account;
  } = {},
): Promise<ServersWorld> {
  const folder = shortFolder('cg');
  const account = options.account ?? ownAccount();
  const key = { owner: account.name, name: '' };
  const store = createMemoryStore();
  const hub = { contacted: true, forgotten: [] as ServerKey[] };
  const phases: string[] = [];
  const pools: { close(): Promise<void> }[] = [];
  let mode = 'good';

  const build = async (): Promise<Pick<ServersWorld, 'servers' | 'routes'>> => {
    const pool = createJobPool();
    const commands = createAccountCommands();
    pools.push(pool, commands);
    const routes = createRoutes();
    const servers = createServers({
      config: configSchema.parse({
        servers: { pollIntervalS: 0.1, stopTimeoutS: 1, startTimeoutS: 20, ...options.config },
        profiles: options.profiles ?? [],
      }),
      store,
      routes,
      hub: options.hub ?? fakeHub(hub, () => mode),
      accounts: { find: (name) => Promise.resolve(name === account.name ? account : undefined) },
      spawners: options.spawners ?? [createAccountSpawner({ pool })],
      programs: options.programs ?? smallPrograms(),
      commands,
      runtimeDir: join(folder, 'run'),
      dataDir: join(folder, 'data'),
      urls: createUrls('http://localhost:8000'),
      clock: systemClock,
      log: pino({ level: 'silent' }),
    });
    servers.onChange((view) => phases.push(view.phase));
    await servers.reconcile();
    return { servers, routes };
  };

  const world: ServersWorld = {
    ...(await build()),
    store,
    account,
    key,
    folder,
    phases,
    hub,
    async start(newMode = 'good', at = key) {
      mode = newMode;
      return world.servers.start({ key: at, options: {}, by: account.name });
    },
    became: (phase, at = key, timeoutMs = 15_000) =>
      until(
        () => (world.servers.get(at)?.phase === phase ? world.servers.get(at) : undefined),
        timeoutMs,
        () => `the server is ${JSON.stringify(world.servers.get(at))}`,
      ),
    async events(at = key) {
      const events: ProgressEvent[] = [];
      for await (const event of world.servers.progress(at, AbortSignal.timeout(15_000))) events.push(event);
      return events;
    },
    logText: () => readFile(store.state.data.servers[`${key.owner}/`]?.logFile ?? '', 'utf8'),
    async restart() {
      await world.servers.close();
      Object.assign(world, await build());
    },
    async close() {
      await Promise.all(world.servers.list().map((view) => world.servers.stop(view, { by: 'test', force: true })));
      await world.servers.close();
      for (const pool of pools) await pool.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
  return world;
}

function smallPrograms(): Programs {
  const path = join(import.meta.dirname, 'smallServer.ts');
  return { list: () => [{ id: 'small', title: 'Small', kind: 'stand-in', path, version: undefined }] };
}

/** `SMALL_SERVER` tells the small server how to behave. */
function fakeHub(hub: ServersWorld['hub'], mode: () => string): HubContract {
  return {
    prepare: () => Promise.resolve({ JUPYTERHUB_API_TOKEN: 'very-secret-token', SMALL_SERVER: mode() }),
    lastContact: () => (hub.contacted ? Date.now() : undefined),
    forget: (key) => {
      hub.forgotten.push(key);
      return Promise.resolve();
    },
    forgetSession: () => Promise.resolve(),
    forgetAccount: () => Promise.resolve(),
    serviceToken: () => Promise.resolve(''),
    resolveToken: () => undefined,
    isFor: () => false,
    passedOn: () => undefined,
    prepareService: () => Promise.resolve({}),
    loginCookieFits: () => true,
  };
}

/** Whether a process of this id runs: zombies do not count. */
export async function runs(pid: number): Promise<boolean> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    return !/\) [ZX] /.test(text);
  } catch {
    return false;
  }
}
