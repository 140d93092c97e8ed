import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startJupyterHub } from '../../helpers/jupyterHub.ts';
import { until } from '../../helpers/until.ts';
import { memoryOf } from '../../helpers/memoryOf.ts';
import type { Memory } from '../../helpers/memoryOf.ts';
import { openRoom } from './rooms.ts';

/**
 * From the wish for a server to its being ready (it answers and has called its Hub), and its memory, of the real
 * `cylc hubapp`: from our fork server, by its own command, and under JupyterHub, one after the other in each round.
 */
export interface Sample extends Omit<Memory, 'rssMiB'> {
  ms: number;
}
interface Way {
  name: string;
  start(index: number): Promise<Sample>;
  close(): Promise<void>;
}

export async function measureWays(rounds: number, withJupyterHub: boolean): Promise<Map<string, Sample[]>> {
  const makers = [() => ours('warm'), () => ours('cold'), ...(withJupyterHub ? [jupyterHub] : [])];
  const ways: Way[] = [];
  const samples = new Map<string, Sample[]>();
  try {
    for (const make of makers) ways.push(await make());
    for (let round = 0; round < rounds; round += 1)
      for (const way of round % 2 === 0 ? ways : ways.toReversed())
        samples.set(way.name, [...(samples.get(way.name) ?? []), await way.start(round)]);
  } finally {
    for (const way of ways) await way.close();
  }
  return samples;
}

async function ours(name: 'warm' | 'cold'): Promise<Way> {
  const room = await openRoom(name);
  return {
    name,
    async start(index) {
      const { ms, view } = await room.start(`round${index}`);
      return { ms, ...memoryOf(view.pid as number) };
    },
    close: () => room.close(),
  };
}

async function jupyterHub(): Promise<Way> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-hub-'));
  const hub = await startJupyterHub(folder);
  return {
    name: 'jupyterhub',
    async start(index) {
      const user = `user${index}`;
      await hub.api(`/users/${user}`, 'POST');
      const begun = performance.now();
      await hub.api(`/users/${user}/server`, 'POST');
      const server = await until(
        () => readyServer(hub, user),
        120_000,
        () => hub.output().slice(-2000),
      );
      return { ms: performance.now() - begun, ...memoryOf(server.state.pid) };
    },
    async close() {
      await hub.end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface HubServer {
  ready: boolean;
  state: { pid: number };
}

async function readyServer(
  hub: { api(path: string): Promise<Response> },
  user: string,
): Promise<HubServer | undefined> {
  const { servers } = (await (await hub.api(`/users/${user}`)).json()) as { servers?: Record<string, HubServer> };
  return servers?.['']?.ready === true ? servers[''] : undefined;
}
