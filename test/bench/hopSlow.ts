import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { until } from '../helpers/until.ts';
import { signedInVisitors } from './slow/visitors.ts';
import type { ServedFigures } from './slow/visitors.ts';
import { attacks } from './slow/attacks.ts';
import { startSoaked } from './soak/program.ts';
import type { SoakedProgram } from './soak/program.ts';

export interface SlowRound extends ServedFigures {
  attack: string;
  connections: number;
  /** Of the program while the attack goes on. */
  descriptors: number;
  residentMiB: number;
}

export interface SlowOptions {
  /** Connections of each attack, by its name. */
  counts: Record<string, number>;
  seconds: number;
  /** Between the last connection of an attack and the measurement. */
  settleMs?: number;
  /** With the limits of requests that a gateway has by default. */
  limited?: boolean;
}

const attacker = join(import.meta.dirname, 'slow/attacker.ts');

/** What people who are served notice of each attack, each beside a quiet time before it. */
export async function slow({ counts, seconds, settleMs = 3000, limited = true }: SlowOptions): Promise<SlowRound[]> {
  const program = await startSoaked({
    by: ['taskset', '-c', '1'],
    upstreamBy: ['taskset', '-c', '0'],
    limited,
    settings: ['listen.maxConnections=15000', 'proxy.webSocketsPerAccount=0', 'proxy.webSocketsPerServer=0'],
  });
  const rounds: SlowRound[] = [];
  try {
    const visitors = await signedInVisitors(program);
    await visitors.measure(1);
    for (const [attack, connections] of Object.entries(counts)) {
      rounds.push(await round(program, 'quiet', 0, () => visitors.measure(seconds)));
      const process = await begin(program, attack, connections, visitors.attackerCookie);
      // Until what the kernel takes without anybody reading has been sent
      await wait(settleMs);
      rounds.push(await round(program, attack, connections, () => visitors.measure(seconds)));
      if (process.exitCode !== null || process.signalCode !== null) throw new Error(`the attacker ended: ${attack}`);
      process.kill();
      await settled(program);
    }
    return rounds;
  } finally {
    await program.end();
  }
}

async function round(
  program: SoakedProgram,
  attack: string,
  connections: number,
  measure: () => Promise<ServedFigures>,
): Promise<SlowRound> {
  const figures = await measure();
  const { descriptors } = program.open();
  return { attack, connections, ...figures, descriptors, residentMiB: program.residentMiB() };
}

async function begin(program: SoakedProgram, attack: string, count: number, cookie: string): Promise<ChildProcess> {
  const { port, prefixes } = program;
  const args = [attacker, attack, String(count), JSON.stringify({ port, cookie, prefixes })];
  // Attackers have a processor of their own in life: here, they get what those leave who are measured on the same one
  const by = ['-n', '19', 'taskset', '-c', '0', process.execPath];
  const child = spawn('nice', [...by, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

async function settled(program: SoakedProgram): Promise<void> {
  await until(() => program.open().descriptors < 200, 30_000);
  await wait(500);
}

/** `npm run bench -- hopSlow [--seconds N] [--scale X] [--settle MS] [--attack NAME]… [--unlimited] [--json]` */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      unlimited: { type: 'boolean' },
      seconds: { type: 'string', default: '8' },
      scale: { type: 'string', default: '1' },
      settle: { type: 'string', default: '3000' },
      attack: { type: 'string', multiple: true },
    },
  });
  const full: Record<string, number> = {
    idle: 10_000,
    'idle after a request': 5000,
    'idle WebSockets': 4000,
    pings: 20,
    'tiny fragments': 20,
    'refused requests': 20,
  };
  const counts = Object.fromEntries(
    (values.attack ?? Object.keys(attacks)).map((name) => [
      name,
      Math.ceil((full[name] ?? 1000) * Number(values.scale)),
    ]),
  );
  const rounds = await slow({
    counts,
    seconds: Number(values.seconds),
    settleMs: Number(values.settle),
    limited: values.unlimited !== true,
  });
  const quietOf = (figure: 'p99Ms' | 'newP99Ms'): number =>
    median(rounds.filter(({ attack }) => attack === 'quiet').map((one) => one[figure]));
  const [quietP99Ms, quietNewP99Ms] = [quietOf('p99Ms'), quietOf('newP99Ms')];
  const ratios = Object.fromEntries(
    rounds
      .filter(({ attack }) => attack !== 'quiet')
      .map(({ attack, p99Ms, newP99Ms }) => [attack, { kept: p99Ms / quietP99Ms, new: newP99Ms / quietNewP99Ms }]),
  );
  if (values.json === true) console.log(JSON.stringify({ ratios, figures: { quietP99Ms, quietNewP99Ms, rounds } }));
  else console.table(rounds);
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
