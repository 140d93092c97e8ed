import type { Server } from 'node:http';
import type { Context, Hono } from 'hono';
import type { Clock } from './clock.ts';
import type { Config } from './config/schema.ts';
import type { Hub } from './hub/createHub.ts';
import type { IdentityRoom } from './identity/createIdentity.ts';
import type { Hop } from './proxy/types.ts';
import type { Servers } from './servers/types.ts';
import type { Services } from './services/types.ts';
import type { JobPool } from './spawners/pool.ts';
import type { AdminData, StateData } from './store/schema.ts';
import type { Store } from './store/types.ts';
import { createAudit } from './telemetry/audit/createAudit.ts';
import type { Audit } from './telemetry/audit/createAudit.ts';
import type { Events } from './telemetry/events.ts';
import type { Logger } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { createOperationsApp, createOperationsListenerApp } from './telemetry/operationsApp.ts';
import { createOperationsListener } from './telemetry/operationsListener.ts';
import { createReadiness } from './telemetry/readiness.ts';
import { noteCaller } from './telemetry/requestContext.ts';
import type { RequestCounts } from './telemetry/requestCounts.ts';
import { gatewayVersion } from './telemetry/version.ts';
import { watchRecords } from './telemetry/watchRecords.ts';
import { watchServers } from './telemetry/watchServers.ts';

/** What the gateway tells of itself to those who watch it. */
export interface Observation {
  /** Health, readiness and metrics, relative to `<base>/hub`. */
  app: Hono;
  audit: Pick<Audit, 'list'>;
  /** The public port is open: whom it serves can be counted. Opens the listener for metrics, where there is one. */
  listening(door: Server): Promise<void>;
  /** What an earlier run left running has been found again. */
  reconciled(): void;
  close(): Promise<void>;
}

export function observe(parts: {
  config: Pick<Config, 'metrics' | 'audit' | 'dataDir'>;
  events: Events;
  counts: RequestCounts;
  store: Store<AdminData, StateData>;
  identity: IdentityRoom;
  hub: Pick<Hub, 'holderOf'>;
  hop: Hop;
  servers: Servers;
  services: Services;
  pool: JobPool;
  clock: Clock;
  log: Logger;
}): Observation {
  const { config, events, store, identity, hub, hop, servers, services, pool, clock, log } = parts;
  const audit = createAudit({ config: config.audit, dataDir: config.dataDir, events, clock, log });
  const stops = [
    watchServers({ state: store.state, clock, events }),
    watchRecords({ store, clock, events }),
    identity.sessions.onEnd(({ account, reason }) => events.emit('sessionEnd', { account, why: reason })),
  ];
  let door: Server | undefined;
  let isReconciled = false;
  const readiness = createReadiness({
    isListening: () => door?.listening === true,
    isReconciled: () => isReconciled,
    isWritable: () => store.admin.trouble === undefined && store.state.trouble === undefined,
    workersAnswer: () => pool.answers(workersMs),
    now: () => clock.now(),
  });
  const metrics = createMetrics({
    ...parts,
    version: gatewayVersion(),
    dataDir: config.dataDir,
    servers: () => servers.list(),
    services: () => services.list(),
    sessions: () => identity.sessions.listAll().length,
    verifications: () => identity.verifications(),
    connections: () => connectionsOf(door),
    isReady: async () => (await readiness()).ready,
    hop,
  });
  const told = { metrics, readiness };
  const listener = createOperationsListener(createOperationsListenerApp(told), log);
  return {
    audit,
    app: createOperationsApp({ ...told, mayRead: (c) => mayRead(c, { identity, hub }), events }),
    async listening(server) {
      door = server;
      events.emit('deed', { what: 'gateway.started' });
      const { listen } = config.metrics;
      if (listen === undefined) return;
      const port = await listener.listen(listen);
      log.info({ host: listen.host, port }, 'metrics, health and readiness for this host');
    },
    reconciled: () => void (isReconciled = true),
    async close() {
      if (door !== undefined) events.emit('deed', { what: 'gateway.stopped' });
      for (const stop of stops) stop();
      await listener.close();
      await audit.close();
    },
  };
}

/** So long may a thread take to do a small job before the pool counts as stuck, ms. */
const workersMs = 3000;

/**
 * Programs by a token with the scope; an admin's browser by a page load: scripts of pages that share our origin get
 * nothing. Everybody else is told no.
 */
async function mayRead(
  c: Context,
  { identity, hub }: { identity: IdentityRoom; hub: Pick<Hub, 'holderOf'> },
): Promise<boolean> {
  const authorization = c.req.header('authorization');
  if (authorization !== undefined) {
    const holder = await hub.holderOf(authorization, 'read:metrics');
    if (holder !== undefined) noteCaller(holder);
    return holder !== undefined;
  }
  const mode = c.req.header('sec-fetch-mode');
  if (mode !== undefined && mode !== 'navigate') return false;
  const who = await identity.identify({
    cookie: c.req.header('cookie'),
    authorization: undefined,
    header: (name) => c.req.header(name),
  });
  if (who.ok) noteCaller(who.value.account.name);
  return who.ok && who.value.account.admin && who.value.scopes === undefined;
}

function connectionsOf(door: Server | undefined): Promise<number> {
  return new Promise((resolve) => {
    if (door === undefined) resolve(0);
    else door.getConnections((error, count) => resolve(error === null ? count : 0));
  });
}
