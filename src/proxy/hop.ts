import type { Identity, Target } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { clientOf } from '../listen/clientAddress.ts';
import type { UpstreamTls } from '../spawners/types.ts';
import type { Logger } from '../telemetry/log.ts';
import { RequestCounts } from '../telemetry/requestCounts.ts';
import { isPersonal, quietAfterOpenMs } from './activityRules.ts';
import { ClientReads } from './clientReads.ts';
import { closeCodes, createConnections } from './connections.ts';
import { createHeaderRules } from './headers.ts';
import type { Forwarded, HeaderRules } from './headers.ts';
import { carryHttp } from './http.ts';
import type { HttpHop } from './http.ts';
import { sharedOriginPermissions } from './permissions.ts';
import { createPools } from './pools.ts';
import type { Asked, ConnectionInfo, Exchange, Hop, HopPlan } from './types.ts';
import { connectUpstream } from './upstream/connect.ts';
import { ReadMemory } from './upstream/readMemory.ts';
import { createTicker } from './upstream/ticker.ts';
import { carryWebSocket } from './websocket.ts';

export interface HopParts {
  config: Config['proxy'];
  /** Under which browsers reach us: what upstreams are told of scheme and port. */
  publicUrl: string;
  log: Logger;
  clock: Clock;
  /** Headers, lower case, in which the site's own proxy sends a token of the visitor: no upstream may see one. */
  secretHeaders?: readonly string[];
  /** Which targets share an origin with pages of the gateway's own, or with servers of others. Default none. */
  sharesOrigin?: (kind: Target['kind']) => boolean;
  /** A person used this target: client data, not pings or pongs. */
  onActivity?: (target: Target, by: Identity) => void;
  /** Every request and upgrade that is carried: cheap, please. */
  onCarry?: (plan: HopPlan, req: Asked, exchange: Exchange) => void;
  /** For servers on other nodes. */
  tls?: UpstreamTls | undefined;
  counts?: RequestCounts;
}

/** One function for all exchanges reads these at its end, where a closure for each would cost more. */
interface CountedHop extends HttpHop {
  kind: Target['kind'];
  /** ms of `performance.now()`. */
  begunMs: number;
  onDone(this: CountedHop, status: number): void;
}

/** The hop: carries what the gate allowed. */
export function createHop(parts: HopParts): Hop {
  const { config, publicUrl, log, clock, onActivity, onCarry, secretHeaders, tls } = parts;
  const { counts = new RequestCounts(), sharesOrigin = () => false } = parts;
  const rulesFor = (kind: Target['kind']): HeaderRules =>
    createHeaderRules({
      secretHeaders,
      permissionsPolicy: sharesOrigin(kind) ? sharedOriginPermissions : undefined,
    });
  const rules = { server: rulesFor('server'), service: rulesFor('service') };
  const ticker = createTicker();
  const memory = new ReadMemory();
  const reads = new ClientReads(memory);
  const pools = createPools({ config, ticker, memory, tls });
  const connections = createConnections({ clock });
  const outside = new URL(publicUrl);
  const proto = outside.protocol === 'https:' ? 'https' : 'http';
  const port = outside.port === '' ? (proto === 'https' ? '443' : '80') : outside.port;
  let running = 0;
  let whenIdle: (() => void) | undefined;

  function requestHeaders(req: Asked, plan: HopPlan, exchange: Exchange): string[] {
    const client = clientOf(req);
    const forwarded: Forwarded = {
      for: client.address,
      proto,
      host: exchange.request.host,
      port,
    };
    const headers = rules[plan.route.target.kind].request(req.rawHeaders, {
      dropCookie: (name, value) => plan.dropCookie(name, value),
      token: plan.token,
      vouched: plan.vouched,
      forwarded,
    });
    if (exchange.request.host === undefined) headers.push('Host', outside.host);
    else if (client.host !== undefined) renameHost(headers, client.host);
    return headers;
  }

  function onDone(this: CountedHop, status: number): void {
    counts.carried(this.kind, status, performance.now() - this.begunMs);
    running -= 1;
    if (running === 0) whenIdle?.();
  }

  /** Resolves when no HTTP exchange is running, or after `ms`. */
  function idle(ms: number): Promise<void> {
    if (running === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  function begin(req: Asked, plan: HopPlan, exchange: Exchange): CountedHop {
    running += 1;
    connections.prolong(plan.identity);
    onCarry?.(plan, req, exchange);
    if (isPersonal({ method: req.method ?? 'GET', path: exchange.request.path, rawHeaders: req.rawHeaders }))
      onActivity?.(plan.route.target, plan.identity);
    return {
      pool: pools.of(plan.route.upstream),
      ticker,
      rules: rules[plan.route.target.kind],
      headers: requestHeaders(req, plan, exchange),
      prefix: plan.route.prefix,
      exchange,
      visitor: plan.identity.account.name,
      bodyIdleMs: config.clientBodyIdleS * 1000,
      readIdleMs: config.clientReadIdleS * 1000,
      onLong: (connection) => connections.add(infoOf(plan), connection),
      kind: plan.route.target.kind,
      begunMs: performance.now(),
      onDone,
    };
  }

  return {
    connections,
    ticker,
    reads,
    begin,
    http: (req, res, plan, exchange) => carryHttp(req, res, begin(req, plan, exchange)),
    upgrade(req, socket, head, plan, exchange) {
      connections.prolong(plan.identity);
      onCarry?.(plan, req, exchange);
      const countsFrom = clock.now() + quietAfterOpenMs;
      carryWebSocket(socket, head, {
        connect: (onread) => connectUpstream(plan.route.upstream, tls, onread),
        memory,
        reads,
        ticker,
        rules: rules[plan.route.target.kind],
        headers: requestHeaders(req, plan, exchange),
        prefix: plan.route.prefix,
        exchange: withQuery(exchange, plan.query),
        connectTimeoutMs: config.connectTimeoutS * 1000,
        headersTimeoutMs: config.headersTimeoutS * 1000,
        maxHeadBytes: config.maxHeaderKiB * 1024,
        pingMs: config.pingS * 1000,
        readIdleMs: config.clientReadIdleS * 1000,
        onOpen(connection) {
          const { kind } = plan.route.target;
          const leave = connections.add(infoOf(plan), connection);
          counts.webSocketOpened(kind);
          return () => {
            leave();
            counts.webSocketClosed(kind);
          };
        },
        onActivity: () => {
          if (clock.now() >= countsFrom) onActivity?.(plan.route.target, plan.identity);
        },
      });
    },
    release: (upstream) => pools.release(upstream),
    load: () => ({ running, upstream: pools.count() }),
    async close() {
      const count = connections.closeWhere(() => true, closeCodes.goingAway, 'the gateway is going down');
      if (count > 0) log.info({ count }, 'closing long connections');
      await connections.drained();
      await idle(config.drainS * 1000);
      pools.destroy();
    },
  };
}

function withQuery(exchange: Exchange, query = exchange.request.query): Exchange {
  return query === exchange.request.query ? exchange : { ...exchange, request: { ...exchange.request, query } };
}

function infoOf({ identity, route }: HopPlan): ConnectionInfo {
  return {
    sessionId: identity.sessionId,
    account: identity.account.name,
    identity,
    target: route.target,
    expiresAt: identity.expiresAt,
  };
}

/**
 * A proxy in front may name itself as `Host`. Servers compare `Host` with `Origin` before they take a WebSocket, so they
 * get what the browser named, as the gate did.
 */
function renameHost(headers: string[], host: string): void {
  for (let i = 0; i < headers.length; i += 2) if (headers[i]!.toLowerCase() === 'host') headers[i + 1] = host;
}
