import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { httpScenarios, loadHttp } from './hop/load.ts';
import { checkPeer, memory } from './hop/peer.ts';
import type { Peer, RunningPeer } from './hop/peer.ts';
import { peers } from './hop/peers.ts';
import { createReport } from './hop/report.ts';
import { loadSockets } from './hop/socketLoad.ts';
import { startUpstream } from './hop/upstream.ts';
import { createBenchWorld } from './hop/world.ts';

const help = `npm run bench -- hop [options]
The gateway's hop beside other proxies, on the same upstream and load, in rounds that go to and fro.
  --json           one last line of JSON: ratios (ours over theirs) and figures
  --rounds N       rounds (3)        --seconds N  of load for each figure (3)
  --only A,B       only peers whose name holds one of these, beside our own
  --idle N         idle WebSockets for memory (1000; 0 leaves WebSockets out)
  --scenario TEXT  only scenarios whose name holds this
  --port N         first of some 300 ports (21000)
  --table FILE     writes the table as Markdown`;

/** See `docs/performance.md`. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      help: { type: 'boolean' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '3' },
      idle: { type: 'string', default: '1000' },
      only: { type: 'string', default: '' },
      scenario: { type: 'string', default: '' },
      port: { type: 'string', default: '21000' },
      table: { type: 'string' },
    },
  });
  if (values.help === true) {
    console.log(help);
    return;
  }
  const seconds = Number(values.seconds);
  const idle = Number(values.idle);
  const names = values.only.split(',');
  const scenarios = httpScenarios.filter(({ name }) => name.includes(values.scenario));
  const world = createBenchWorld({ firstPort: Number(values.port) });
  const report = createReport({ machine: `${cpus().length} × ${cpus()[0]!.model}, Node ${process.versions.node}` });
  try {
    await startUpstream(world);
    const running: [Peer, RunningPeer][] = [];
    for (const [at, peer] of peers.entries()) {
      if (at > 0 && !names.some((name) => peer.name.toLowerCase().includes(name.toLowerCase()))) continue;
      const started = await tryStart(peer, () => peer.start(world));
      if (started === undefined) continue;
      await checkPeer(peer, started);
      running.push([peer, started]);
      for (const scenario of scenarios) await loadHttp(world, peer.name, started, scenario, 1);
    }
    for (let round = 0; round < Number(values.rounds); round += 1)
      for (const scenario of scenarios)
        for (const [peer, started] of round % 2 === 0 ? running : running.toReversed()) {
          report.http(peer, scenario.name, await loadHttp(world, peer.name, started, scenario, seconds));
          report.memory(peer, memory(started));
        }
    if (idle > 0)
      for (const [peer, started] of running) report.sockets(peer, await loadSockets(started, { seconds, idle }));
  } finally {
    await world.close();
  }
  console.log(report.table());
  if (values.table !== undefined) writeFileSync(values.table, report.table());
  if (values.json === true) console.log(JSON.stringify(report.json()));
}

async function tryStart(peer: Peer, start: () => Promise<RunningPeer>): Promise<RunningPeer | undefined> {
  try {
    return await start();
  } catch (error) {
    console.error(`${peer.name} is left out: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}
