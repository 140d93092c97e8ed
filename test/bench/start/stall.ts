import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createJobPool } from '../../../src/spawners/pool.ts';
import type { StartJob } from '../../../workers/protocol.ts';
import start from '../../../workers/start.ts';

/** Longest time for which the main thread's event loop stood still, ms. */
export interface Stall {
  starts: number;
  mainMs: number;
  poolMs: number;
  /** With nothing to do. */
  idleMs: number;
}

/** The same starts at once, made by the main thread itself and in the pool. */
export async function measureStall(starts: number): Promise<Stall> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-stall-'));
  const pool = createJobPool();
  let count = 0;
  const job = (): StartJob => {
    count += 1;
    const [logFile, runFile] = [join(folder, 'log'), join(folder, String(count))];
    return { command: ['true'], env: { PATH: '/usr/bin:/bin' }, cwd: '/', umask: 0o022, logFile, runFile };
  };
  try {
    await pool.run('start', job());
    const idleMs = await longestGap(() => new Promise((resolve) => setTimeout(resolve, 500)));
    const all = (one: () => Promise<unknown>) => () => Promise.all(Array.from({ length: starts }, one));
    const poolMs = await longestGap(all(() => pool.run('start', job())));
    const mainMs = await longestGap(all(() => start(job())));
    return { starts, mainMs, poolMs, idleMs };
  } finally {
    await pool.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function longestGap(work: () => Promise<unknown>): Promise<number> {
  let [last, longest] = [performance.now(), 0];
  const tick = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }, 1);
  await work();
  longest = Math.max(longest, performance.now() - last);
  clearInterval(tick);
  return Math.round(longest);
}
