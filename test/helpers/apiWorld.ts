import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdir, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { Account } from '../../src/access/types.ts';
import { createSiteAccess } from '../../src/access/siteAccess.ts';
import { systemClock } from '../../src/clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { createHub } from '../../src/hub/createHub.ts';
import type { Hub } from '../../src/hub/createHub.ts';
import type { HubService } from '../../src/hub/types.ts';
import { createRoutes } from '../../src/proxy/routes.ts';
import { createServers } from '../../src/servers/createServers.ts';
import type { ServersRoom } from '../../src/servers/createServers.ts';
import { createShares } from '../../src/shares/createShares.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createUrls } from '../../src/urls.ts';
import { asServer } from './hubWorld.ts';
import { shortFolder } from './shortFolder.ts';
import { createAccountCommands } from '../../src/spawners/accountCommands.ts';
import { createMemorySpawner } from './memorySpawner.ts';
import { createMemoryStore } from './memoryStore.ts';
import type { MemoryStore } from './memoryStore.ts';

export interface ApiWorld {
  /** Of a listener on loopback: `<origin>/hub/api`. */
  origin: string;
  hub: Hub;
  servers: ServersRoom;
  store: MemoryStore;
  /** How often `POST /shutdown` was asked for. */
  shutdowns: { servers: boolean }[];
  /** The token of a service. */
  service(name: string): string;
  close(): Promise<void>;
}

export interface ApiWorldOptions {
  /** Names that the system knows. */
  people: readonly string[];
  admins?: readonly string[];
  /** Those that the Hub has met before. */
  known?: readonly string[];
  /** Groups of the gateway's own, with their members. */
  groups?: Readonly<Record<string, readonly string[]>>;
  services?: readonly (Partial<HubService> & { name: string })[];
  patienceS?: number;
}

/** The Hub's REST API on the real servers room, with people and servers that exist in memory alone. */
export async function createApiWorld(options: ApiWorldOptions): Promise<ApiWorld> {
  const folder = shortFolder('cgw-api');
  await mkdir(join(folder, 'run'), { mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
  const store = createMemoryStore();
  const config = configSchema.parse({ hub: { patienceS: options.patienceS ?? 1 }, access: { admins: options.admins } });
  const log = createLog({ level: 'error', format: 'json' });
  const urls = createUrls('http://localhost:8000');
  const services = (options.services ?? []).map(toService);
  const accounts = { find: (name: string) => Promise.resolve(accountOf(name, options, store)) };
  const shutdowns: { servers: boolean }[] = [];
  const access = createSiteAccess({
    ...config.access,
    shares: () => Object.values(store.admin.data.shares),
    onChange: (listener) => void store.admin.onChange(listener),
    now: () => Date.now(),
  });
  const runtimeDir = join(folder, 'run');
  const common = { config, store, accounts, urls, runtimeDir, peerOf: undefined, clock: systemClock, log };
  const hub = createHub({ ...common, access, mayStart: (...of) => access.mayStart(...of) });
  const routes = createRoutes();
  const commands = createAccountCommands();
  const servers = createServers({
    ...common,
    routes,
    commands,
    hub: hub.contract,
    dataDir: join(folder, 'data'),
    programs: {
      list: () => [{ id: 'small', title: 'Small', kind: 'stand-in', path: '/bin/true', version: undefined }],
    },
    spawners: [createMemorySpawner((env) => reportActivity(hub, env))],
  });
  const shares = createShares({ admin: store.admin, accounts, needsRestart: () => false, clock: systemClock, log });
  hub.attach({
    servers,
    shares: () => shares,
    routes,
    identify: () => ({ ok: false, error: new Error('no browsers here') as never, reason: 'no browsers here' }),
    services: () => services,
    shutdown: (how) => void shutdowns.push(how),
  });
  fillStore(store, options);
  await hub.listen();
  await servers.reconcile();
  const tokens = new Map<string, string>();
  for (const { name } of services) tokens.set(name, await hub.contract.serviceToken(name));
  const front = await listen(hub);
  return {
    origin: front.origin,
    hub,
    servers,
    store,
    shutdowns,
    service: (name) => tokens.get(name) ?? '',
    async close() {
      await Promise.all(servers.list().map((view) => servers.stop(view, { by: 'test', force: true })));
      await front.close();
      await servers.close();
      await commands.close();
      await hub.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function toService(given: Partial<HubService> & { name: string }): HubService {
  const none = { admin: false, url: '', prefix: '', command: [], pid: 0, info: {}, display: true, scopes: [] };
  return { ...none, ...given };
}

function accountOf(name: string, options: ApiWorldOptions, store: MemoryStore): Account | undefined {
  if (!options.people.includes(name)) return undefined;
  const { uid, gid, homedir } = userInfo();
  const groups = Object.entries(store.admin.data.groups).flatMap(([group, { members }]) =>
    members.includes(name) ? [`local:${group}`] : [],
  );
  const admin = options.admins?.includes(name) === true || store.admin.data.accounts[name]?.admin === true;
  return { name, uid, gid, home: homedir, shell: '/bin/sh', displayName: name, groups, admin };
}

function fillStore(store: MemoryStore, options: ApiWorldOptions): void {
  void store.admin.update((draft) => {
    (options.known ?? options.people).forEach((name, index) => {
      draft.accounts[name] = { createdAt: new Date(Date.UTC(2026, 0, 1) + index).toISOString() };
    });
    for (const [name, members] of Object.entries(options.groups ?? {})) draft.groups[name] = { members: [...members] };
  });
}

async function reportActivity(hub: Hub, env: Readonly<Record<string, string>>): Promise<void> {
  const last_activity = new Date().toISOString();
  const request = {
    method: 'POST',
    headers: { authorization: `token ${env['JUPYTERHUB_API_TOKEN']}` },
    body: JSON.stringify({ last_activity, servers: { [env['JUPYTERHUB_SERVER_NAME'] ?? '']: { last_activity } } }),
  };
  const answer = await hub.app.request(`/users/${env['JUPYTERHUB_USER']}/activity`, request, asServer);
  if (answer.status !== 200) throw new Error(`activity answered ${answer.status}: ${await answer.text()}`);
}

async function listen(hub: Hub): Promise<{ origin: string; close(): Promise<void> }> {
  const root = new Hono({ strict: false }).route('/hub/api', hub.app);
  const answer = getRequestListener(root.fetch);
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
