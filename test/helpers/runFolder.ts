import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountsLeft, runFolderVariable, runtimeDirs } from './runNotes.ts';
import { until } from './until.ts';

/** Projects of this run that are set up and not yet torn down: the first makes the folder, the last removes it. */
const state = globalThis as { cylcGatewayRun?: { folder: string; before: string | undefined; users: number } };

/**
 * One temporary folder for the whole run, so that nothing is left in `/tmp` and two runs at once know their own. At the
 * end it ends the processes that name the folder (servers outlive their gateway on purpose, and so would outlive the
 * tests) and removes it; an account that a test made and did not remove fails the run.
 */
export function setup(): void {
  state.cylcGatewayRun ??= open();
  state.cylcGatewayRun.users += 1;
}

export async function teardown(): Promise<void> {
  const run = state.cylcGatewayRun;
  if (run === undefined) return;
  run.users -= 1;
  if (run.users > 0) return;
  delete state.cylcGatewayRun;
  delete process.env[runFolderVariable];
  if (run.before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = run.before;
  await close(run.folder);
}

function open() {
  const before = process.env['TMPDIR'];
  // Short and without capitals, as addresses of sockets have to be; others may pass through, not look in.
  const folder = join(tmpdir(), `cgt-${randomBytes(3).toString('hex')}`);
  mkdirSync(folder, { mode: 0o711 });
  process.env['TMPDIR'] = process.env[runFolderVariable] = folder;
  return { folder, before, users: 0 };
}

async function close(folder: string): Promise<void> {
  const left = accountsLeft(folder);
  const places = [folder, ...runtimeDirs(folder)];
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of processesOf(places)) kill(pid, signal);
    await until(() => processesOf(places).length === 0, 5000).catch(() => undefined);
  }
  for (const place of places) rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  if (processesOf(places).length > 0)
    throw new Error(`processes of tests that do not end: ${processesOf(places).join(', ')}`);
  if (left.length > 0) throw new Error(`accounts that tests left behind: ${left.join(', ')}`);
}

/** Processes that name one of the folders in their command line or environment; not this one and the workers of the tests. */
function processesOf(places: readonly string[]): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && names(pid, places) && parentOf(pid) !== process.pid);
}

function names(pid: number, places: readonly string[]): boolean {
  return ['cmdline', 'environ'].some((file) => {
    try {
      const text = readFileSync(`/proc/${pid}/${file}`, 'latin1');
      return places.some((place) => text.includes(place));
    } catch {
      return false;
    }
  });
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}
