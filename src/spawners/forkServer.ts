import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Logger } from '../telemetry/log.ts';
import { reachForkServer } from './forkSocket.ts';
import type { ForkLink, ForkPlace } from './forkSocket.ts';

/** What the fork server answers to one request. */
export type ForkAnswer = { ok: true; pid: number; startTime: string } | { ok: false; why: string };

/** One fork server: a Python process of one Cylc environment (workers/forkserver). */
export interface ForkServer {
  readonly state: 'warming' | 'ready' | 'dead';
  /** Left behind by a gateway that was killed. */
  readonly found: boolean;
  /** Whether it only has to import what another before it has found to be needed. */
  readonly knowsModules: boolean;
  /** Resolves once it can fork, or never will. */
  readonly settled: Promise<void>;
  fork(runFile: string): Promise<ForkAnswer>;
  /** Tells it to end once the servers that it started have; no later gateway finds it. */
  close(): Promise<void>;
}

/** Forking takes milliseconds; a fork server that says nothing for so long is stuck. */
const answerTimeoutMs = 5000;
const warmTimeoutMs = 120_000;
/** One that was found has most of its imports behind it. */
const foundTimeoutMs = 30_000;

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

/** Takes over the fork server that is at that place already, or starts one. */
export function openForkServer(place: ForkPlace, log: Logger): ForkServer {
  const { python, logFile, cacheFile } = place;
  const waiting = new Map<number, (answer: ForkAnswer) => void>();
  let state: ForkServer['state'] = 'warming';
  let link: ForkLink | undefined;
  let lastId = 0;
  let lastHeardMs = 0;
  const settled = Promise.withResolvers<void>();
  let slow: NodeJS.Timeout | undefined;

  const settle = (to: 'ready' | 'dead'): void => {
    state = to;
    clearTimeout(slow);
    settled.resolve();
  };
  const die = (why: string): void => {
    if (state === 'dead') return;
    settle('dead');
    log.warn({ python, why, logFile }, 'fork server ended: servers start without it');
    for (const answer of waiting.values()) answer({ ok: false, why });
    waiting.clear();
  };
  const say = (message: object): void => void link?.socket.write(`${JSON.stringify(message)}\n`);
  const leave = (): void => {
    say({ end: true });
    link?.socket.end().unref();
  };
  const onMessage = (message: Message): void => {
    lastHeardMs = performance.now();
    const { ready, unfit, id, pid, modules, failed } = message;
    if (ready === true && state === 'warming') {
      settle('ready');
      const how = link?.found === true ? 'fork server of the gateway before was found again' : 'fork server is ready';
      log.info({ python, pid, modules, failed }, how);
    } else if (unfit !== undefined) {
      die(unfit);
      leave();
    } else if (id !== undefined) waiting.get(id)?.(toAnswer(message));
  };
  const onLink = (reached: ForkLink): void => {
    link = reached;
    if (state === 'dead') return;
    slow = setTimeout(() => reached.kill(), reached.found ? foundTimeoutMs : warmTimeoutMs).unref();
    // It passes on the errors of its socket: a reset, where one is killed that has not read all
    const lines = createInterface(reached.socket).on('error', () => {});
    lines.on('line', (line) => onMessage(JSON.parse(line) as Message));
    void reached.ended.then(die);
  };
  const reaching = reachForkServer(place).then(onLink, (error: Error) => die(error.message));

  return {
    get state() {
      return state;
    },
    get found() {
      return link?.found ?? false;
    },
    get knowsModules() {
      return existsSync(cacheFile);
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
        const askedMs = performance.now();
        const timer = setTimeout(() => {
          answer({ ok: false, why: 'it does not answer' });
          // Not one that is busy with the starts of others. The next start is from a new one
          if (lastHeardMs < askedMs) link?.kill();
        }, answerTimeoutMs);
        waiting.set(id, answer);
        say({ id, run: runFile });
        return undefined;
      }),
    async close() {
      settle('dead');
      await reaching;
      await rm(place.socket, { force: true });
      leave();
    },
  };
}

function toAnswer({ pid, startTime, error }: Message): ForkAnswer {
  if (pid !== undefined && startTime !== undefined) return { ok: true, pid, startTime };
  return { ok: false, why: error ?? 'an answer without a process' };
}
