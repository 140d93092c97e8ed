import { Pool } from 'undici';
import type { Config } from '../config/schema.ts';
import type { Upstream } from '../servers/types.ts';

export interface Pools {
  /** The kept connections to this upstream; made at the first request. */
  of(upstream: Upstream): Pool;
  /** Lets running exchanges end, then closes. */
  release(upstream: Upstream): void;
  close(): Promise<void>;
}

/** Kept connections, a pool for each upstream. */
export function createPools({ config }: { config: Config['proxy'] }): Pools {
  const byUpstream = new WeakMap<Upstream, Pool>();
  const byKey = new Map<string, Pool>();

  function make(upstream: Upstream): Pool {
    return new Pool(originOf(upstream), {
      connections: config.connectionsPerServer,
      pipelining: 1,
      allowH2: false,
      keepAliveTimeout: config.keepAliveS * 1000,
      keepAliveMaxTimeout: config.keepAliveS * 1000,
      headersTimeout: config.headersTimeoutS * 1000,
      bodyTimeout: 0,
      maxHeaderSize: config.maxHeaderKiB * 1024,
      connect: {
        timeout: config.connectTimeoutS * 1000,
        ...(upstream.kind === 'unix' ? { socketPath: upstream.path } : {}),
      },
    });
  }

  return {
    of(upstream) {
      let pool = byUpstream.get(upstream);
      if (pool !== undefined && !pool.closed) return pool;
      const key = keyOf(upstream);
      pool = byKey.get(key);
      if (pool === undefined || pool.closed) byKey.set(key, (pool = make(upstream)));
      byUpstream.set(upstream, pool);
      return pool;
    },
    release(upstream) {
      const pool = byKey.get(keyOf(upstream));
      byKey.delete(keyOf(upstream));
      void pool?.close();
    },
    async close() {
      const pools = [...byKey.values()];
      byKey.clear();
      await Promise.all(pools.map((pool) => pool.destroy()));
    },
  };
}

export function keyOf(upstream: Upstream): string {
  return upstream.kind === 'unix' ? upstream.path : `${upstream.host}:${upstream.port}`;
}

function originOf(upstream: Upstream): string {
  if (upstream.kind === 'unix') return 'http://localhost';
  return `http://${upstream.host.includes(':') ? `[${upstream.host}]` : upstream.host}:${upstream.port}`;
}
