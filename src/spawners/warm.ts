import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../telemetry/log.ts';
import { readBootId } from '../../workers/processes.ts';
import { fingerprint } from './forkProgram.ts';
import { openForkServer } from './forkServer.ts';
import type { ForkServer } from './forkServer.ts';
import { coldFile } from './notes.ts';
import type { JobPool } from './pool.ts';
import type { PythonEnvironment, Spawner, SpawnHandle, SpawnPlan } from './types.ts';

/**
 * Launches Cylc's UI server from a fork server that has the costly imports behind it: under a second instead of many,
 * and with most of its memory shared. The server itself is unmodified. Where that cannot be done, the account spawner
 * does it, and the progress says so.
 */
export function createWarmSpawner(options: {
  account: Spawner;
  pool: Pick<JobPool, 'run'>;
  dataDir: string;
  /** Short enough for the paths of sockets. */
  runtimeDir: string;
  log: Logger;
  uid?: number;
  patienceS?: number;
}): Spawner {
  const { account, pool, log, dataDir, runtimeDir, patienceS = forkServerPatienceS } = options;
  const uid = options.uid ?? process.geteuid?.() ?? 0;
  /** Or why there is none. */
  const servers = new Map<string, { server: Promise<ForkServer | string>; startedAt: number }>();
  let closed = false;

  /** One per Cylc environment and version; a dead one is made anew, but not again and again. */
  async function serverOf(environment: PythonEnvironment): Promise<ForkServer | string> {
    const id = `${environment.python}@${environment.version}`;
    const known = servers.get(id);
    const now = performance.now();
    const server = await known?.server;
    const lives = typeof server === 'object' && server.state !== 'dead';
    const rests = !isFound(server) && now - (known?.startedAt ?? 0) < restartPauseMs;
    if (server !== undefined && (lives || rests) && servers.get(id) === known) return server;
    const latest = servers.get(id);
    if (latest !== undefined && latest !== known) return latest.server;
    if (closed) return 'the gateway ends';
    const begun = begin(environment, id);
    servers.set(id, { server: begun, startedAt: now });
    return begun;
  }

  async function begin(environment: PythonEnvironment, id: string): Promise<ForkServer | string> {
    const { python } = environment;
    try {
      const fault = uid === 0 ? await pool.run('trust', { python }) : undefined;
      if (fault !== undefined) {
        log.warn({ python, fault }, 'no warm start: root does not run Python that others can change');
        return `root does not run what others could change: ${fault}`;
      }
      const folder = join(dataDir, 'forkserver');
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = createHash('sha256').update(id).digest('hex').slice(0, 12);
      const files = { cacheFile: join(folder, `${name}.json`), logFile: join(folder, `${name}.log`) };
      const socket = join(runtimeDir, 'warm', await fingerprint(environment));
      return openForkServer({ python, socket, patienceS, ...files }, log);
    } catch (error) {
      log.warn({ err: error, python }, 'the fork server did not start');
      return 'the fork server did not start';
    }
  }

  async function startWarm(plan: SpawnPlan, report: (message: string) => void): Promise<SpawnHandle | string> {
    if (plan.python === undefined) return 'this program has no warm start';
    if (plan.account.uid !== uid && uid !== 0) return 'this gateway is not root, and so cannot become the account';
    const server = await serverOf(plan.python);
    if (typeof server === 'string') return server;
    if (server.state === 'warming') {
      report('Waiting for the warm start to be ready.');
      await Promise.race([server.settled, pause(server.knowsModules ? warmPatienceMs : findPatienceMs)]);
    }
    await writePlan(plan, uid);
    const answer = await server.fork(plan.runFile);
    if (!answer.ok) {
      await rm(`${plan.runFile}.plan`, { force: true });
      return answer.why;
    }
    const process = { pid: answer.pid, startTime: answer.startTime, bootId: readBootId(), uid: plan.account.uid };
    return { kind: 'process', process, runFile: plan.runFile };
  }

  return {
    kind: 'warm',
    prepare: (environment) => void serverOf(environment),
    async start(plan, report, signal) {
      report('Starting the process, warm.');
      const warm = await startWarm(plan, report);
      if (typeof warm !== 'string') return warm;
      if (plan.python !== undefined) {
        report(`No warm start (${warm}): starting it the slow way.`);
        log.warn({ why: warm }, 'no warm start');
      }
      // The fork server may still have the request: claimed by us, it will not act on it.
      const late = await account.recover(plan);
      return late ?? account.start({ ...plan, runFile: coldFile(plan.runFile) }, report, signal);
    },
    recover: async (start) =>
      (await account.recover(start)) ?? account.recover({ ...start, runFile: coldFile(start.runFile) }),
    poll: (handle) => account.poll(handle),
    stop: (handle, how) => account.stop(handle, how),
    ...(account.strays && { strays: account.strays }),
    forget: (handle) => account.forget(handle),
    async close() {
      closed = true;
      for (const { server } of servers.values()) {
        const made = await server;
        if (typeof made === 'object') await made.close();
      }
    },
  };
}

/** Left behind by the gateway before: when it dies, another may be made at once. */
function isFound(server: ForkServer | string | undefined): boolean {
  return typeof server === 'object' && server.found;
}

const restartPauseMs = 10_000;
/** A cold start imports the same and more, so waiting for the fork server is never slower: but it may be stuck. */
const warmPatienceMs = 15_000;
/** The first of an environment imports everything twice, to find out what that is: a cold start is quicker. */
const findPatienceMs = 2000;
/** So long a fork server waits for the next gateway when its own was killed. */
const forkServerPatienceS = 60;

/** For the child alone: it reads and removes it while it still may, so that no other user's child inherits it. */
async function writePlan(plan: SpawnPlan, uid: number): Promise<void> {
  const { command, env, cwd, logFile, umask, limits, account } = plan;
  const user = account.uid === uid ? undefined : { name: account.name, uid: account.uid, gid: account.gid };
  const text = JSON.stringify({ command, env, cwd, logFile, umask, limits, user });
  await writeFile(`${plan.runFile}.plan`, text, { mode: 0o600, flag: 'wx' });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
