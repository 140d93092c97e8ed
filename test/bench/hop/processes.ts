import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { until } from '../../helpers/until.ts';

/** Proxies run on one core, load and upstream on the other. */
export const proxyCore = '1';
export const loadCore = '0';

export interface BenchProcess {
  pid: number;
  output(): string;
  stop(): Promise<void>;
}

/** Starts a program on a core and waits until its port takes connections. It is put on the list of what is to be stopped. */
export async function startOn(
  started: BenchProcess[],
  core: string,
  command: readonly string[],
  port: number,
  env: NodeJS.ProcessEnv = {},
): Promise<BenchProcess> {
  if (await listens(port)) throw new Error(`port ${port} is taken by another program: try --port`);
  const child = spawn('taskset', ['-c', core, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  let text = '';
  const running: BenchProcess = { pid: child.pid!, output: () => text, stop: () => stop(child) };
  started.push(running);
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (text = (text + String(chunk)).slice(-4000)));
  await until(
    () => child.exitCode !== null || listens(port),
    30_000,
    () => `${command.join(' ')}\n${text}`,
  );
  if (child.exitCode !== null) throw new Error(`${command.join(' ')} ended:\n${text}`);
  return running;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const cut = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(cut);
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** The process and all that descend from it. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const parent = Number(statOf(name)?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const tree = [pid];
  for (const one of tree) tree.push(...(children.get(one) ?? []));
  return tree;
}

/** CPU time of the whole tree so far, user and system, µs. The kernel counts in ticks of 10 ms. */
export function cpuOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const stat = statOf(String(pid));
    if (stat !== undefined) ticks += Number(stat[11]) + Number(stat[12]);
  }
  return ticks * 10_000;
}

/** Proportional set size of the tree, KiB: shared pages are counted once. */
export function memoryOf(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids)
    try {
      kib += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      // It has ended
    }
  return kib;
}

/** Fields of /proc/PID/stat behind the name: state, parent, ... (proc(5)). */
function statOf(pid: string): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
