import { setTimeout as sleep } from 'node:timers/promises';
import type { SpawnHandle, Spawner } from '../spawners/types.ts';

/** After SIGKILL only a process stuck in the kernel (a dead NFS server) is left. */
const killTimeoutMs = 10_000;

/**
 * Ends a server: SIGTERM to it, up to `termTimeoutMs` of patience, then SIGKILL to its process group. Never SIGINT: with
 * an active workflow `cylc hubapp` then hangs for ever. True once it is gone.
 */
export async function endProcess(options: {
  spawner: Spawner;
  handle: SpawnHandle;
  termTimeoutMs: number;
  /** Aborted: no more patience. */
  force: AbortSignal;
  report: (message: string) => void;
}): Promise<boolean> {
  const { spawner, handle, termTimeoutMs, force, report } = options;
  if (!force.aborted) {
    await spawner.stop(handle, 'term');
    if (await isGone(spawner, handle, termTimeoutMs, force)) {
      // What it left behind in its group (terminals, helpers) goes too; schedulers have sessions of their own.
      await spawner.stop(handle, 'kill');
      return true;
    }
  }
  report('It does not end by itself: killing its process group.');
  await spawner.stop(handle, 'kill');
  return isGone(spawner, handle, killTimeoutMs);
}

async function isGone(
  spawner: Spawner,
  handle: SpawnHandle,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const until = performance.now() + timeoutMs;
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 1.5, 500)) {
    if ((await spawner.poll(handle)).state === 'gone') return true;
    if (performance.now() > until || signal?.aborted === true) return false;
    await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}
