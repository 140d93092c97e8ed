import type { Config } from '../config/schema.ts';
import type { Upstream } from '../servers/types.ts';
import type { UpstreamTls } from '../spawners/types.ts';
import { connectUpstream, keyOf } from './upstream/connect.ts';
import { createUpstreamPool } from './upstream/pool.ts';
import type { UpstreamPool } from './upstream/pool.ts';
import type { ReadMemory } from './upstream/readMemory.ts';
import type { Ticker } from './upstream/ticker.ts';
import type { PoolCount } from './upstream/types.ts';

export interface Pools {
  /** The kept connections to this upstream; made at the first request. */
  of(upstream: Upstream): UpstreamPool;
  /** Lets running exchanges end, then closes. */
  release(upstream: Upstream): void;
  /** Of all pools together. */
  count(): PoolCount;
  /** Breaks off what is still running. */
  destroy(): void;
}

/** Kept connections, a pool for each upstream. */
export function createPools(options: {
  config: Config['proxy'];
  ticker: Ticker;
  memory: ReadMemory;
  tls?: UpstreamTls | undefined;
}): Pools {
  const { config, ticker, memory, tls } = options;
  const byUpstream = new WeakMap<Upstream, UpstreamPool>();
  const byKey = new Map<string, UpstreamPool>();
  const limits = {
    memory,
    connectMs: config.connectTimeoutS * 1000,
    headMs: config.headersTimeoutS * 1000,
    idleMs: config.keepAliveS * 1000,
    maxHeadBytes: config.maxHeaderKiB * 1024,
    maxConnections: config.connectionsPerServer,
  };

  return {
    of(upstream) {
      let pool = byUpstream.get(upstream);
      if (pool !== undefined && !pool.closed) return pool;
      const key = keyOf(upstream);
      pool = byKey.get(key);
      if (pool === undefined)
        byKey.set(key, (pool = createUpstreamPool((onread) => connectUpstream(upstream, tls, onread), limits, ticker)));
      byUpstream.set(upstream, pool);
      return pool;
    },
    release(upstream) {
      byKey.get(keyOf(upstream))?.close();
      byKey.delete(keyOf(upstream));
    },
    count() {
      const sum = { busy: 0, idle: 0, waiting: 0 };
      for (const pool of byKey.values()) {
        const { busy, idle, waiting } = pool.count();
        sum.busy += busy;
        sum.idle += idle;
        sum.waiting += waiting;
      }
      return sum;
    },
    destroy() {
      for (const pool of byKey.values()) pool.destroy();
      byKey.clear();
    },
  };
}
