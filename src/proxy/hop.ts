import type { IncomingMessage } from 'node:http';
import type { Identity, Target } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../telemetry/log.ts';
import { closeCodes, createConnections } from './connections.ts';
import { createHeaderRules } from './headers.ts';
import type { Forwarded } from './headers.ts';
import { carryHttp } from './http.ts';
import { createPools } from './pools.ts';
import type { ConnectionInfo, Exchange, Hop, HopPlan } from './types.ts';
import { carryWebSocket } from './websocket.ts';

export interface HopParts {
  config: Config['proxy'];
  /** Under which browsers reach us: what upstreams are told of scheme and port. */
  publicUrl: string;
  log: Logger;
  clock: Clock;
  /** A person used this target: client data, not pings or pongs. */
  onActivity?: (target: Target, by: Identity) => void;
}

/** The hop: carries what the gate allowed. */
export function createHop({ config, publicUrl, log, clock, onActivity }: HopParts): Hop {
  const rules = createHeaderRules();
  const pools = createPools({ config });
  const connections = createConnections({ clock });
  const outside = new URL(publicUrl);
  const proto = outside.protocol === 'https:' ? 'https' : 'http';
  const port = outside.port === '' ? (proto === 'https' ? '443' : '80') : outside.port;

  function requestHeaders(req: IncomingMessage, plan: HopPlan, exchange: Exchange): string[] {
    const forwarded: Forwarded = {
      for: req.socket.remoteAddress ?? 'unknown',
      proto,
      host: exchange.request.host,
      port,
    };
    return rules.request(req.rawHeaders, {
      dropCookie: (name, value) => plan.dropCookie(name, value),
      keepAuthorization: plan.keepAuthorization,
      forwarded,
    });
  }

  return {
    connections,
    http(req, res, plan, exchange) {
      onActivity?.(plan.route.target, plan.identity);
      carryHttp(req, res, {
        pool: pools.of(plan.route.upstream),
        rules,
        headers: requestHeaders(req, plan, exchange),
        prefix: plan.route.prefix,
        exchange,
      });
    },
    upgrade(req, socket, head, plan, exchange) {
      carryWebSocket(socket, head, {
        upstream: plan.route.upstream,
        rules,
        headers: requestHeaders(req, plan, exchange),
        prefix: plan.route.prefix,
        exchange,
        connectTimeoutMs: config.connectTimeoutS * 1000,
        headersTimeoutMs: config.headersTimeoutS * 1000,
        maxHeadBytes: config.maxHeaderKiB * 1024,
        onOpen: (connection) => connections.add(infoOf(plan), connection),
        onActivity: () => onActivity?.(plan.route.target, plan.identity),
      });
    },
    release: (upstream) => pools.release(upstream),
    async close() {
      const count = connections.closeWhere(() => true, closeCodes.goingAway, 'the gateway is going down');
      if (count > 0) log.info({ count }, 'closing WebSockets');
      await connections.drained();
      await pools.close();
    },
  };
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
