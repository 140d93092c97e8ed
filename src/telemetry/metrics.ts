import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PoolCount } from '../proxy/upstream/types.ts';
import type { ServerView } from '../servers/types.ts';
import type { ServiceView } from '../services/types.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { Events } from './events.ts';
import { createMetricRegistry } from './prometheus.ts';
import type { MetricRegistry, Sample } from './prometheus.ts';
import { hopBounds } from './requestCounts.ts';
import type { RequestCounts } from './requestCounts.ts';
import { createTally, createTimings } from './tally.ts';

/** Where the numbers are, when Prometheus asks for them. */
export interface MetricSources {
  events: Events;
  counts: RequestCounts;
  store: Pick<Store<AdminData, StateData>, 'admin' | 'state'>;
  dataDir: string;
  version: string;
  servers: () => readonly Pick<ServerView, 'phase'>[];
  services: () => readonly Pick<ServiceView, 'phase' | 'managed'>[];
  sessions: () => number;
  verifications: () => Readonly<Record<'cached' | 'verified' | 'refused', number>>;
  hop: { load(): { running: number; upstream: PoolCount }; connections: { count(): number } };
  /** Connections of clients to the public port. */
  connections: () => Promise<number>;
  isReady: () => Promise<boolean>;
}

const startBounds = [0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300];
const writeBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const serverPhases = ['stopped', 'queued', 'starting', 'ready', 'stopping', 'failed', 'unknown'] as const;
const servicePhases = ['stopped', 'starting', 'ready', 'failed'] as const;

/** The metrics of a gateway (docs/operations.md lists them). Labels come from our own tables: none names a person. */
export function createMetrics(sources: MetricSources): MetricRegistry {
  const registry = createMetricRegistry();
  const { gauge } = registry;
  aboutRequests(registry, sources);
  aboutServers(registry, sources);
  aboutSignIn(registry, sources);
  aboutStore(registry, sources);
  gauge('cylc_gateway_services', 'Services by state', () =>
    byPhase(
      servicePhases,
      sources.services().filter(({ managed }) => managed),
    ),
  );
  gauge('cylc_gateway_ready', 'Whether the gateway is ready (1) or not (0)', async () => [
    { value: (await sources.isReady()) ? 1 : 0 },
  ]);
  gauge('cylc_gateway_info', 'Version of the gateway and of Node', () => [
    { labels: { version: sources.version, node: process.versions.node }, value: 1 },
  ]);
  return registry;
}

function aboutRequests({ counter, gauge, histogram }: MetricRegistry, sources: MetricSources): void {
  const { events, counts, hop } = sources;
  const refused = createTally<'code' | 'upgrade'>();
  events.on('refused', ({ code, upgrade }) => refused.add({ code, upgrade: String(upgrade) }));
  counter('cylc_gateway_requests_total', 'Answers by what was asked for and class of status', () => counts.requests());
  counter('cylc_gateway_refusals_total', 'Requests that were refused, by code of the reason', () => refused.read());
  histogram(
    'cylc_gateway_hop_seconds',
    'How long carried requests took, from the gate to the last byte',
    hopBounds,
    () => counts.durations(),
  );
  gauge('cylc_gateway_websockets', 'Open WebSockets', () => counts.webSockets());
  gauge('cylc_gateway_client_connections', 'Connections of clients by what they do', async () => {
    const [all, running, websocket] = [await sources.connections(), hop.load().running, counts.openWebSockets];
    const stream = Math.max(0, hop.connections.count() - websocket);
    const exchange = Math.max(0, running - stream);
    return byState({ exchange, stream, websocket, other: Math.max(0, all - exchange - stream - websocket) });
  });
  gauge('cylc_gateway_upstream_connections', 'Connections to servers and services by what they do', () => {
    const { busy, idle } = hop.load().upstream;
    return byState({ busy, idle });
  });
  gauge('cylc_gateway_upstream_waiting', 'Requests that wait for a connection to their server', () => [
    { value: hop.load().upstream.waiting },
  ]);
}

function aboutServers({ counter, gauge, histogram }: MetricRegistry, { events, servers }: MetricSources): void {
  const starts = createTimings<'spawner' | 'profile' | 'outcome'>(startBounds);
  const acts = createTally<'act'>();
  events.on('server', ({ act, tookS, spawner, profile, code }) => {
    acts.add({ act });
    if (tookS === undefined) return;
    const outcome = act === 'ready' ? 'ready' : act === 'cancel' ? 'cancelled' : (code ?? 'failed');
    starts.add({ spawner, profile, outcome }, tookS);
  });
  gauge('cylc_gateway_servers', 'UI servers by state', () => byPhase(serverPhases, servers()));
  gauge('cylc_gateway_start_queue', 'Starts that wait for their turn', () => [
    { value: servers().filter(({ phase }) => phase === 'queued').length },
  ]);
  histogram('cylc_gateway_start_seconds', 'Starts from the click to their end, by outcome', starts.bounds, () =>
    starts.read(),
  );
  counter('cylc_gateway_server_changes_total', 'What became of UI servers', () => acts.read());
}

function aboutSignIn({ counter, gauge }: MetricRegistry, sources: MetricSources): void {
  const { events } = sources;
  const signIns = createTally<'method' | 'outcome'>();
  const fetches = createTally<'outcome'>();
  events.on('signIn', (event) => signIns.add({ method: event.method, outcome: event.ok ? 'ok' : event.code }));
  events.on('keysFetched', ({ ok }) => fetches.add({ outcome: ok ? 'ok' : 'failed' }));
  counter('cylc_gateway_sign_ins_total', 'Sign-ins by method and outcome', () => signIns.read());
  counter('cylc_gateway_key_fetches_total', 'Fetches of key sets of issuers', () => fetches.read());
  counter('cylc_gateway_token_checks_total', 'Session tokens that were looked at', () =>
    Object.entries(sources.verifications()).map(([outcome, value]) => ({ labels: { outcome }, value })),
  );
  gauge('cylc_gateway_sessions', 'Live sessions', () => [{ value: sources.sessions() }]);
}

function aboutStore({ counter, gauge, histogram }: MetricRegistry, { events, store, dataDir }: MetricSources): void {
  const times = createTimings<'document'>(writeBounds);
  const faults = createTally<'document'>();
  const documents = ['admin', 'state'] as const;
  events.on('stored', ({ document, seconds, ok }) => {
    times.add({ document }, seconds);
    if (!ok) faults.add({ document });
  });
  histogram('cylc_gateway_store_write_seconds', 'Writes of the store', times.bounds, () => times.read());
  counter('cylc_gateway_store_write_faults_total', 'Writes of the store that failed', () => faults.read());
  gauge('cylc_gateway_store_unwritable', 'Whether a document of the store cannot be written (1)', () =>
    documents.map((document) => ({ labels: { document }, value: store[document].trouble === undefined ? 0 : 1 })),
  );
  gauge('cylc_gateway_store_bytes', 'Size of a document of the store, with its changes beside it', () =>
    Promise.all(
      documents.map(async (document) => {
        const sizes = ['json', 'changes'].map((ending) => sizeOf(join(dataDir, `${document}.${ending}`)));
        return { labels: { document }, value: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) };
      }),
    ),
  );
}

function byPhase<P extends string>(phases: readonly P[], all: readonly { phase: P }[]): Sample[] {
  return phases.map((phase) => ({ labels: { phase }, value: all.filter((one) => one.phase === phase).length }));
}

function byState(counts: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }));
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
