import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from './site.ts';

export interface KillCounts {
  kills: number;
  start: number;
  stop: number;
  write: number;
  /** From the return of the gateway, the worst, ms. */
  worstHealMs: number;
  /** Servers that were found again while they started or ran. */
  foundAgain: number;
}

const names = ['a', 'b', 'c'];

/** The gateway killed at random moments of start, stop and write; whatever it acknowledged has to be there afterwards. */
export async function killGateway(
  site: Site,
  kills: number,
  random: (count: number) => number,
  healMs = 10_000,
): Promise<KillCounts> {
  const counts: KillCounts = { kills, start: 0, stop: 0, write: 0, worstHealMs: 0, foundAgain: 0 };
  const known = new Set<string>();
  const written = new Set<string>();
  for (let kill = 0; kill < kills; kill += 1) {
    const name = names[random(names.length)] ?? 'a';
    const running = (await site.record(name))?.phase === 'ready';
    const action = kill % 3 === 2 ? 'write' : running ? 'stop' : 'start';
    counts[action] += 1;
    const asked = action === 'write' ? writeOn(site, kill, written) : site[action](name).then(() => known.add(name));
    asked.catch(() => {});
    await sleep(random(action === 'start' ? 500 : 150));
    const before = new Set(Object.values((await site.state().catch(() => undefined))?.servers ?? {}).map(identity));
    await site.gateway.end('SIGKILL');
    await asked.catch(() => {});
    await site.serve();
    counts.worstHealMs = Math.max(counts.worstHealMs, Math.round(await site.healed(known, healMs)));
    const { servers } = await site.state();
    counts.foundAgain += Object.values(servers).filter(
      (record) => record.handle && before.has(identity(record)),
    ).length;
    const { admin } = (await site.ask('GET', '/v1/documents')) as { admin: { announcements: Record<string, unknown> } };
    const lost = [...written].filter((id) => admin.announcements[id] === undefined);
    if (lost.length > 0) throw new Error(`lost what was acknowledged: ${lost.join(', ')}`);
  }
  return counts;
}

/** Records by the commands of an admin, one after the other until the gateway is gone. */
async function writeOn(site: Site, kill: number, written: Set<string>): Promise<void> {
  for (let index = 0; index < 100; index += 1) {
    const { key, id } = await site.ask('POST', '/v1/announcements', { key: '', text: `${kill}.${index}` });
    written.add(String(id ?? key));
  }
}

function identity({ handle }: { handle: unknown }): string {
  return JSON.stringify(handle);
}
