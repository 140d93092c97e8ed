import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decideAccess } from '../../src/access/decide.ts';
import type { Account, Identity, Share } from '../../src/access/types.ts';
import { configSchema } from '../../src/config/schema.ts';
import { GatewayError } from '../../src/errors.ts';
import { createHub } from '../../src/hub/createHub.ts';
import type { Hub } from '../../src/hub/createHub.ts';
import type { HubBindings } from '../../src/hub/serverTokens.ts';
import type { Identify } from '../../src/identity/types.ts';
import type { PeerOf } from '../../src/listen/peerCredentials.ts';
import type { ServerKey, ServerView } from '../../src/servers/types.ts';
import { createUrls } from '../../src/urls.ts';
import type { Urls } from '../../src/urls.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { createMemoryServers } from './memoryServers.ts';
import type { MemoryServers } from './memoryServers.ts';
import { createMemoryStore } from './memoryStore.ts';
import type { MemoryStore } from './memoryStore.ts';

/** Cookie by which a test's browser is signed in: `test-session=<account>.<session>`. */
export const testCookie = 'test-session';

/** As if a call had come by the Hub's private listener, from the account of the server. */
export const asServer: HubBindings = { admitServerToken: () => true };

/** A hub with people, a clock and sign-ins that a test moves as it likes. */
export interface HubWorld {
  hub: Hub;
  store: MemoryStore;
  clock: { nowMs: number; now(): number };
  people: Map<string, Account>;
  shares: Share[];
  servers: MemoryServers;
  runtimeDir: string;
  /** Session ids that have ended. */
  ended: Set<string>;
  /** Plays the servers room: a change of phase. */
  serverBecame(key: ServerKey, phase: ServerView['phase']): void;
  /** A second hub on the same store, as after a restart of the gateway. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export function makeAccount(name: string, more: Partial<Account> = {}): Account {
  const base = { uid: 1001, gid: 1001, home: `/home/${name}`, shell: '/bin/bash', groups: [], admin: false };
  return { ...base, name, displayName: name[0]?.toUpperCase() + name.slice(1), ...more };
}

export function makeShare(owner: string, visitor: string, more: Partial<Share> = {}): Share {
  const grantee = { kind: 'user' as const, name: visitor };
  const rest = { level: 'read' as const, expiresAt: null, note: '', createdAt: '2026-01-01T00:00:00.000Z' };
  return { id: `${owner}-${visitor}`, owner, server: '', grantee, ...rest, ...more };
}

export async function createHubWorld(
  options: {
    publicUrl?: string;
    people?: Account[];
    runtimeDir?: string;
    realClock?: boolean;
    peerOf?: PeerOf | undefined;
    loopback?: boolean;
  } = {},
): Promise<HubWorld> {
  const { peerOf, loopback = false } = options;
  const runtimeDir = options.runtimeDir ?? (await mkdtemp(join(tmpdir(), 'cgw-hub-')));
  const people = new Map((options.people ?? defaultPeople()).map((account) => [account.name, account]));
  const clock = {
    nowMs: Date.parse('2026-06-01T12:00:00Z'),
    now: () => (options.realClock === true ? Date.now() : clock.nowMs),
  };
  const listeners = new Set<(view: ServerView) => void>();
  const store = createMemoryStore();
  const shares: Share[] = [];
  const ended = new Set<string>();
  const servers = createMemoryServers();
  const build = () =>
    buildHub(
      { store, clock, people, shares, ended, servers, listeners, runtimeDir, peerOf, loopback },
      createUrls(options.publicUrl ?? 'http://localhost:8000'),
    );
  const world: HubWorld = {
    hub: build(),
    store,
    clock,
    people,
    shares,
    servers,
    runtimeDir,
    ended,
    serverBecame: (key, phase) => {
      for (const listener of listeners) listener({ ...key, phase } as ServerView);
    },
    async restart() {
      await world.hub.close();
      world.hub = build();
      await world.hub.listen();
    },
    async close() {
      await world.hub.close();
      await rm(runtimeDir, { recursive: true, force: true });
    },
  };
  await world.hub.listen();
  return world;
}

function defaultPeople(): Account[] {
  return [makeAccount('alice'), makeAccount('bob', { groups: ['system:wxteam'] }), makeAccount('erin')];
}

interface Parts extends Pick<HubWorld, 'store' | 'clock' | 'people' | 'shares' | 'ended' | 'runtimeDir'> {
  servers: MemoryServers;
  listeners: Set<(view: ServerView) => void>;
  peerOf: PeerOf | undefined;
  loopback: boolean;
}

function buildHub(parts: Parts, urls: Urls): Hub {
  const rules = () => ({
    policy: 'owner' as const,
    adminAccess: false,
    sharesOf: (owner: string, server: string) =>
      parts.shares.filter((share) => share.owner === owner && share.server === server),
    now: parts.clock.now(),
  });
  const hub = createHub({
    config: configSchema.parse({}),
    store: parts.store,
    accounts: { find: (name) => Promise.resolve(parts.people.get(name)) },
    access: (identity, target) => decideAccess(identity, target, rules()),
    urls,
    runtimeDir: parts.runtimeDir,
    peerOf: parts.peerOf,
    loopback: parts.loopback,
    clock: parts.clock,
    log: createLog({ level: 'error', format: 'json' }),
  });
  const onChange = (listener: (view: ServerView) => void) => {
    parts.listeners.add(listener);
    return () => void parts.listeners.delete(listener);
  };
  hub.attach({ servers: { ...parts.servers, onChange }, identify: createTestIdentify(parts) });
  return hub;
}

function createTestIdentify(parts: Parts): Identify {
  return ({ cookie }) => {
    const [name = '', session = ''] = (new RegExp(`${testCookie}=([^;]*)`).exec(cookie ?? '')?.[1] ?? '').split('.');
    const account = parts.people.get(name);
    if (account === undefined || parts.ended.has(session))
      return { ok: false, error: new GatewayError('auth.required'), reason: 'no session' };
    const identity: Identity = {
      account,
      sessionId: session,
      issuer: 'test',
      via: 'cookie',
      expiresAt: parts.clock.now() + 43_200_000,
    };
    return { ok: true, value: identity };
  };
}
