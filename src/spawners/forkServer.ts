import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../telemetry/log.ts';

/** What the fork server answers to one request. */
export type ForkAnswer = { ok: true; pid: number; startTime: string } | { ok: false; why: string };

/** One fork server: a Python process of one Cylc environment (workers/forkserver). */
export interface ForkServer {
  readonly state: 'warming' | 'ready' | 'dead';
  /** Resolves once it can fork, or never will. */
  readonly settled: Promise<void>;
  fork(runFile: string): Promise<ForkAnswer>;
  /** Closes its input: it ends once the servers that it started have. */
  close(): void;
}

/** Forking takes milliseconds; a fork server that says nothing for so long is stuck. */
const answerTimeoutMs = 5000;
const warmTimeoutMs = 120_000;
/** Room in its own command line for those of its children, which ps(1) then shows. */
const room = 'x'.repeat(2000);

interface Message {
  ready?: boolean;
  unfit?: string;
  id?: number;
  pid?: number;
  startTime?: string;
  error?: string;
  modules?: number;
  failed?: string[];
}

export async function startForkServer(options: {
  python: string;
  /** The module list is kept here. */
  cacheFile: string;
  logFile: string;
  log: Logger;
}): Promise<ForkServer> {
  const { python, cacheFile, logFile, log } = options;
  const output = await open(logFile, 'a', 0o600);
  const child = spawn(python, ['-I', '-B', '-c', program, cacheFile, room], {
    cwd: '/',
    detached: true,
    env: environment(dirname(cacheFile)),
    stdio: ['pipe', 'pipe', output.fd],
  });
  await output.close();
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('no pipes to the fork server');
  const waiting = new Map<number, (answer: ForkAnswer) => void>();
  let state: ForkServer['state'] = 'warming';
  let lastId = 0;
  const settled = Promise.withResolvers<void>();
  const slow = setTimeout(() => child.kill('SIGKILL'), warmTimeoutMs).unref();

  const die = (why: string): void => {
    if (state === 'dead') return;
    state = 'dead';
    clearTimeout(slow);
    settled.resolve();
    log.warn({ python, why, logFile }, 'fork server ended: servers start without it');
    for (const answer of waiting.values()) answer({ ok: false, why });
    waiting.clear();
  };
  const onMessage = (message: Message): void => {
    if (message.ready === true && state === 'warming') {
      state = 'ready';
      clearTimeout(slow);
      settled.resolve();
      log.info({ python, pid: child.pid, modules: message.modules, failed: message.failed }, 'fork server is ready');
    } else if (message.unfit !== undefined) die(message.unfit);
    else if (message.id !== undefined) waiting.get(message.id)?.(toAnswer(message));
  };
  child.on('error', (error) => die(error.message));
  child.on('exit', (code, signal) => die(`exit ${code ?? signal}`));
  stdin.on('error', () => {});
  createInterface(stdout).on('line', (line) => onMessage(JSON.parse(line) as Message));

  return {
    get state() {
      return state;
    },
    settled: settled.promise,
    fork: (runFile) =>
      new Promise((resolve) => {
        if (state !== 'ready') return resolve({ ok: false, why: `it is ${state}` });
        const id = (lastId += 1);
        const answer = (value: ForkAnswer): void => {
          clearTimeout(timer);
          waiting.delete(id);
          resolve(value);
        };
        const timer = setTimeout(() => answer({ ok: false, why: 'it does not answer' }), answerTimeoutMs);
        waiting.set(id, answer);
        stdin.write(`${JSON.stringify({ id, run: runFile })}\n`);
        return undefined;
      }),
    close() {
      state = 'dead';
      clearTimeout(slow);
      settled.resolve();
      stdin.end();
      child.unref();
    },
  };
}

function toAnswer({ pid, startTime, error }: Message): ForkAnswer {
  if (pid !== undefined && startTime !== undefined) return { ok: true, pid, startTime };
  return { ok: false, why: error ?? 'an answer without a process' };
}

/** The folder above the package: `workers/`, beside `src/` and, for the compiled program, beside `dist/`. */
const workers = fileURLToPath(
  new URL(extname(import.meta.url) === '.ts' ? '../../workers' : '../../../workers', import.meta.url),
);
const program = `import sys; sys.path.insert(0, ${JSON.stringify(workers)}); from forkserver.server import main; main()`;

/** No user's: whatever a module remembers of this home at its import is found by it (workers/forkserver/modules.py). */
function environment(folder: string): Record<string, string> {
  return {
    HOME: join(folder, `home-${randomBytes(8).toString('hex')}`),
    PATH: '/usr/local/bin:/usr/bin:/bin',
    LANG: 'C.UTF-8',
    JUPYTERHUB_SINGLEUSER_APP: 'jupyter_server.serverapp.ServerApp',
    OPENBLAS_NUM_THREADS: '1',
    OMP_NUM_THREADS: '1',
  };
}
