import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSite, pidOf, processesOf } from './site.ts';
import type { Site } from './site.ts';

/** A server killed from outside, with its socket left behind: told with its signal, and started again. */
export async function killServers(site: Site, count: number): Promise<number> {
  for (let index = 0; index < count; index += 1) {
    await site.start('victim');
    const pid = pidOf(await site.became('victim', ['ready']));
    process.kill(pid, 'SIGKILL');
    const { failure } = await site.became('victim', ['failed'], 10_000);
    if (failure?.signal !== 'SIGKILL') throw new Error(`its death was told as ${JSON.stringify(failure)}`);
    await site.healed(['victim']);
  }
  return count;
}

/** The fork server killed at a random moment of a start: the start is made all the same, and no other server harmed. */
export async function killForkServers(site: Site, count: number, random: (count: number) => number): Promise<number> {
  for (let index = 0; index < count; index += 1) {
    await site.start('warm');
    const other = pidOf(await site.became('warm', ['ready'], 30_000));
    const forkServer = parentOf(other);
    await site.start('next');
    await sleep(random(120));
    if (isForkServer(forkServer)) process.kill(forkServer, 'SIGKILL');
    await site.became('next', ['ready'], 30_000);
    if (pidOf(await site.record('warm')) !== other) throw new Error('another server was harmed');
    await site.stop('next');
    await site.stop('warm');
    await site.healed(['warm', 'next']);
  }
  return count;
}

export function parentOf(pid: number): number {
  return Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

function isForkServer(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('forkserver');
  } catch {
    return false;
  }
}

/** What a bad server does, and what has to come of it. */
const badServers: readonly [mode: string, phase: string, config: Record<string, unknown>][] = [
  ['stubborn', 'ready', {}],
  ['closes', 'ready', {}],
  ['twice', 'failed', {}],
  ['deaf', 'failed', { startTimeoutS: 2 }],
  ['mortal', 'failed', {}],
  ['dies', 'failed', {}],
];

export async function runBadServers(cylc: string, lateS: number): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const [mode, phase, config] of [
    ...badServers,
    [`late:${lateS}`, 'ready', { startTimeoutS: lateS + 20 }] as const,
  ]) {
    const site = await openSite({ cylc, servers: { environment: { SMALL_SERVER: mode }, ...config } });
    try {
      for (let index = 0; index < 3; index += 1) {
        await site.start('bad');
        const ends = phase === 'ready' ? ['ready'] : ['failed', 'stopped'];
        const found = await site.became('bad', ends, (lateS + 30) * 1000);
        if (found.phase === 'failed' && found.failure === null) throw new Error(`${mode} failed without a reason`);
        await site.healed(['bad']);
        await site.stop('bad');
        if (processesOf(site.runtimeDir).length > 0) throw new Error(`${mode} has left a process`);
        counts[mode] = (counts[mode] ?? 0) + 1;
        if (mode.startsWith('late')) break;
      }
    } finally {
      await site.close();
    }
  }
  return counts;
}
