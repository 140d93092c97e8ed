import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { createPrograms } from '../../src/servers/programs.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import { createWarmSpawner } from '../../src/spawners/warm.ts';
import { createHubWorld } from '../helpers/hubWorld.ts';
import { startJupyterHub } from '../helpers/jupyterHub.ts';
import { memoryOf } from '../helpers/memoryOf.ts';
import type { Memory } from '../helpers/memoryOf.ts';
import { cylcBin } from '../helpers/requires.ts';
import { createServersWorld, ownAccount } from '../helpers/serversWorld.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { until } from '../helpers/until.ts';

/**
 * From the wish for a server to its being ready (it answers and has called its Hub), and its memory, of the real
 * `cylc hubapp`: from our fork server, by its own command, and under JupyterHub, one after the other in each round.
 */
interface Sample extends Omit<Memory, 'rssMiB'> {
  ms: number;
}
interface Way {
  name: string;
  start(index: number): Promise<Sample>;
  close(): Promise<void>;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      rounds: { type: 'string', default: '3' },
      'without-jupyterhub': { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return console.log('npm run bench -- start [--json] [--rounds 3] [--without-jupyterhub]');
  if (cylcBin() === undefined) throw new Error('Cylc is not here; to get it: npm run cylc:install');
  const makers = [() => ours('warm'), () => ours('cold'), ...(values['without-jupyterhub'] ? [] : [jupyterHub])];
  const ways: Way[] = [];
  const samples = new Map<string, Sample[]>();
  try {
    for (const make of makers) ways.push(await make());
    for (let round = 0; round < Number(values.rounds); round += 1)
      for (const way of round % 2 === 0 ? ways : ways.toReversed())
        samples.set(way.name, [...(samples.get(way.name) ?? []), await way.start(round)]);
  } finally {
    for (const way of ways) await way.close();
  }
  report(samples, values.json === true);
}

async function ours(name: 'warm' | 'cold'): Promise<Way> {
  const pool = createJobPool();
  const dataDir = shortFolder('cg-data');
  const account = createAccountSpawner({ pool });
  const warm = createWarmSpawner({ account, dataDir, log: pino({ level: 'silent' }) });
  const hub = await createHubWorld({ people: [ownAccount()], runtimeDir: shortFolder('cg-hub'), realClock: true });
  const world = await createServersWorld({
    spawners: name === 'warm' ? [warm, account] : [account],
    programs: createPrograms({ configured: cylcBin(), dataDir, searchPath: '' }),
    hub: hub.hub.contract,
    config: { startTimeoutS: 120 },
  });
  const start = async (server: string): Promise<Sample> => {
    const key = { owner: world.key.owner, name: server };
    const begun = performance.now();
    await world.start('good', key);
    const { pid } = await world.became('ready', key, 120_000);
    return { ms: performance.now() - begun, ...memoryOf(pid as number) };
  };
  // The fork server of a gateway is long ready when the first user comes.
  if (name === 'warm') await start('first');
  return {
    name,
    start: (index) => start(`round${index}`),
    async close() {
      await world.close();
      await hub.close();
      await pool.close();
      await rm(dataDir, { recursive: true, force: true });
    },
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

function report(samples: Map<string, Sample[]>, json: boolean): void {
  const figures: Record<string, Sample & { allMs: number[] }> = {};
  for (const [name, all] of samples) {
    const middle = (pick: (sample: Sample) => number): number => Math.round(median(all.map(pick)));
    const allMs = all.map(({ ms }) => Math.round(ms));
    figures[name] = {
      ms: middle((s) => s.ms),
      privateMiB: middle((s) => s.privateMiB),
      pssMiB: middle((s) => s.pssMiB),
      allMs,
    };
    const { ms, privateMiB, pssMiB } = figures[name];
    console.log(`${name.padEnd(11)} ${ms} ms (${allMs.join(', ')}), private ${privateMiB} MiB, PSS ${pssMiB} MiB`);
  }
  const over = (other: string) => {
    const [mine, theirs] = [figures['warm'], figures[other]];
    if (mine === undefined || theirs === undefined) return undefined;
    return { time: round(mine.ms / theirs.ms), memory: round(mine.privateMiB / theirs.privateMiB) };
  };
  if (json) console.log(JSON.stringify({ ratios: { jupyterhub: over('jupyterhub'), cold: over('cold') }, figures }));
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
