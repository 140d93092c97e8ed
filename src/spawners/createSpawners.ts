import { createAccountSpawner } from './account.ts';
import { createAccountCommands } from './accountCommands.ts';
import type { AccountCommands } from './accountCommands.ts';
import { createBatch } from './batch/createBatch.ts';
import type { BatchOptions, Nodes } from './batch/createBatch.ts';
import { createJobPool } from './pool.ts';
import type { JobPool } from './pool.ts';
import type { Spawner, UpstreamTls } from './types.ts';
import { createWarmSpawner } from './warm.ts';

export interface Spawners {
  /** The first is the one that is used where nothing else is said. */
  all: Spawner[];
  commands: AccountCommands;
  /** Threads of starts, looks and stops. */
  pool: JobPool;
  /** For servers on other nodes; undefined where there are none. */
  nodes: Nodes | undefined;
  tls: UpstreamTls | undefined;
  close(): Promise<void>;
}

/** All ways to launch a server that this site has, and what they share. */
export async function createSpawners(
  options: Omit<BatchOptions, 'pool'> & {
    config: { servers: { sudo?: string | undefined; warmStart: boolean } };
    runtimeDir: string;
  },
): Promise<Spawners> {
  const { sudo, warmStart } = options.config.servers;
  const pool = createJobPool();
  const commands = createAccountCommands({ sudo });
  const batch = await createBatch({ ...options, pool });
  const account = createAccountSpawner({ pool, sudo });
  const here = warmStart ? [createWarmSpawner({ ...options, account, pool }), account] : [account];
  return {
    all: [...here, ...batch.spawners],
    commands,
    pool,
    nodes: batch.nodes,
    tls: batch.nodes?.toRelay,
    async close() {
      await pool.close();
      await commands.close();
    },
  };
}
