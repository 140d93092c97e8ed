import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { httpScenarios, loadHttp } from './hop/load.ts';
import { checkPeer, memory } from './hop/peer.ts';
import type { Peer, RunningPeer } from './hop/peer.ts';
import { peers } from './hop/peers.ts';
import { loadCore } from './hop/processes.ts';
import { newMeasured, note, resultOf, store } from './hop/report.ts';
import { loadHandshakes, loadMessages, measureIdle } from './hop/socketLoad.ts';
import { figuresTable, ratiosTable } from './hop/tables.ts';
import { startUpstream } from './hop/upstream.ts';
import { createBenchWorld } from './hop/world.ts';
import type { BenchWorld } from './hop/world.ts';

const help = `npm run bench -- hop [options]
The gateway's hop beside other proxies, on the same upstream and load, in rounds that go to and fro.
  --json           one last line of JSON: ratios (ours over theirs) and figures
  --rounds N       rounds (5)        --seconds N  of load for each figure (3)
  --only A,B       only peers whose name holds one of these, beside our own
  --scenario A,B   only scenarios whose name holds one of these: ${httpScenarios.map(({ name }) => name).join('; ')};
                   WebSocket messages; WebSocket handshakes; idle WebSockets
  --idle N         idle WebSockets (4000)    --handshakes N  a round (1000)
  --port N         first of some 300 ports (21000)
  --store FILE     writes the values to FILE, in the place of those of the same scenarios`;

interface Scenario {
  name: string;
  /** Figures of one round. */
  load(world: BenchWorld, peer: Peer, running: RunningPeer): Promise<object>;
}

/** See `docs/performance.md`. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      help: { type: 'boolean' },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '3' },
      idle: { type: 'string', default: '4000' },
      handshakes: { type: 'string', default: '1000' },
      only: { type: 'string', default: '' },
      scenario: { type: 'string', default: '' },
      port: { type: 'string', default: '21000' },
      store: { type: 'string' },
    },
  });
  if (values.help === true) {
    console.log(help);
    return;
  }
  execFileSync('taskset', ['-acp', loadCore, String(process.pid)], { stdio: 'ignore' });
  const isWanted = (name: string, wanted: string): boolean =>
    wanted.split(',').some((part) => name.toLowerCase().includes(part.trim().toLowerCase()));
  const chosen = peers.filter(({ name }, at) => at === 0 || isWanted(name, values.only));
  const scenarios = scenariosOf(Number(values.seconds), Number(values.handshakes)).filter(({ name }) =>
    isWanted(name, values.scenario),
  );
  const measured = newMeasured(`${cpus().length} × ${cpus()[0]!.model}, Node ${process.versions.node}`);
  const world = createBenchWorld({ firstPort: Number(values.port) });
  try {
    await startUpstream(world);
    if (isWanted('idle WebSockets', values.scenario))
      for (const peer of chosen.filter((one) => canCarry(one, 'idle WebSockets'))) {
        const running = await tryStart(peer, world);
        if (running === undefined) continue;
        note(measured, peer, 'idle WebSockets', await measureIdle(running, Number(values.idle)));
        for (const { pid } of running.processes) await world.started.find((one) => one.pid === pid)?.stop();
      }
    const all: [Peer, RunningPeer][] = [];
    for (const peer of scenarios.length === 0 ? [] : chosen) {
      const running = await tryStart(peer, world);
      if (running === undefined) continue;
      all.push([peer, running]);
      for (const scenario of scenarios) if (canCarry(peer, scenario.name)) await scenario.load(world, peer, running);
    }
    for (const scenario of scenarios)
      for (let round = 0; round < Number(values.rounds); round += 1)
        for (const [peer, running] of round % 2 === 0 ? all : all.toReversed())
          if (canCarry(peer, scenario.name))
            note(measured, peer, scenario.name, await scenario.load(world, peer, running));
  } finally {
    await world.close();
  }
  console.log(`${measured.machine}\n\n${figuresTable(measured)}\n\n${ratiosTable(measured)}`);
  if (values.store !== undefined) store(values.store, measured);
  if (values.json === true) console.log(JSON.stringify(resultOf(measured)));
}

function scenariosOf(seconds: number, handshakes: number): Scenario[] {
  return [
    ...httpScenarios.map((scenario) => ({
      name: scenario.name,
      load: async (world: BenchWorld, peer: Peer, running: RunningPeer) => ({
        ...(await loadHttp(world, peer.name, running, scenario, seconds)),
        memoryMiB: memory(running) / 1024,
      }),
    })),
    { name: 'WebSocket messages', load: (_, __, running) => loadMessages(running, seconds) },
    { name: 'WebSocket handshakes', load: (_, __, running) => loadHandshakes(running, handshakes) },
  ];
}

function canCarry({ carriesWebSockets = true }: Peer, scenario: string): boolean {
  return carriesWebSockets || !scenario.includes('WebSocket');
}

async function tryStart(peer: Peer, world: BenchWorld): Promise<RunningPeer | undefined> {
  let running: RunningPeer;
  try {
    running = await peer.start(world);
  } catch (error) {
    console.error(`${peer.name} is left out: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  await checkPeer(peer, running);
  return running;
}
