import { setTimeout as sleep } from 'node:timers/promises';
import { createAccountSpawner } from '../../../src/spawners/account.ts';
import { createJobPool } from '../../../src/spawners/pool.ts';
import type { JobPool } from '../../../src/spawners/pool.ts';
import { createServersWorld, runs } from '../../helpers/serversWorld.ts';

/** A thread of the pool ended in the middle of a start's job: the start fails or goes on, and leaves nothing behind. */
export async function killThreads(
  count: number,
  random: (count: number) => number,
): Promise<{ killed: number; failed: number }> {
  const pool = createJobPool();
  let killNext = false;
  const cut: JobPool = {
    ...pool,
    run(name, job, options) {
      if (name !== 'start' || !killNext) return pool.run(name, job, options);
      killNext = false;
      const abort = new AbortController();
      setTimeout(() => abort.abort(new Error('its thread was ended')), random(12));
      return pool.run(name, job, { signal: abort.signal });
    },
  };
  const world = await createServersWorld({ spawners: [createAccountSpawner({ pool: cut })] });
  let failed = 0;
  try {
    for (let index = 0; index < count; index += 1) {
      killNext = true;
      await world.start();
      await sleep(5);
      const phase = await settled(world);
      if (phase === 'failed') failed += 1;
      const pid = world.servers.get(world.key)?.pid;
      if (phase === 'ready' && !(await runs(pid ?? 0))) throw new Error('ready without a process');
      await world.servers.stop(world.key, { by: 'faults' });
      const left = await pool.run('strays', { folder: `${world.folder}/run` });
      if (left.length > 0) throw new Error(`orphans: ${JSON.stringify(left)}`);
    }
    return { killed: count, failed };
  } finally {
    await world.close();
    await pool.close();
  }
}

async function settled({ servers, key }: Awaited<ReturnType<typeof createServersWorld>>): Promise<string> {
  for (const until = performance.now() + 15_000; ; await sleep(20)) {
    const { phase } = servers.get(key) ?? {};
    if (phase === 'ready' || phase === 'failed' || phase === 'stopped') return phase;
    if (performance.now() > until) throw new Error(`stuck: ${phase}`);
  }
}
