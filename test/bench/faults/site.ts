import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../../../src/access/types.ts';
import { askControl, controlPath } from '../../../src/control/controlSocket.ts';
import { answersAt } from '../../../src/servers/readiness.ts';
import type { ServerRecord, StateData } from '../../../src/store/schema.ts';
import { startGateway } from '../../helpers/gateway.ts';
import type { GatewayProcess } from '../../helpers/gateway.ts';
import { ownAccount } from '../../helpers/serversWorld.ts';
import { shortFolder } from '../../helpers/shortFolder.ts';
import { makeSystemAccount } from '../../helpers/systemAccount.ts';

/** The program, whom one may kill, with what it must not lose. */
export interface Site {
  account: Account;
  folder: string;
  dataDir: string;
  runtimeDir: string;
  gateway: GatewayProcess;
  /** Starts the gateway anew; how long until its port is open, ms. */
  serve(): Promise<number>;
  ask(method: string, path: string, body?: object): Promise<Record<string, unknown>>;
  start(name: string): Promise<void>;
  stop(name: string): Promise<void>;
  state(): Promise<StateData>;
  record(name: string): Promise<ServerRecord | undefined>;
  became(name: string, phases: readonly string[], timeoutMs?: number): Promise<ServerRecord>;
  /** Throws at an orphan, a lost record, a stuck state or a ready server that does not answer, after `timeoutMs` of patience. Returns the ms that it took. */
  healed(known: Iterable<string>, timeoutMs?: number): Promise<number>;
  close(): Promise<void>;
}

export async function openSite(options: {
  cylc: string;
  servers?: Record<string, unknown>;
  /** Where its data lie; by default in its own folder. */
  dataDir?: string;
  /** A command that the gateway is run by, and whose servers it then starts: an ordinary user's. */
  by?: readonly string[];
  owner?: Account;
  /** Home of the account that is made. */
  home?: string;
}): Promise<Site> {
  const folder = shortFolder('cg-faults');
  const dataDir = options.dataDir ?? join(folder, 'data');
  const runtimeDir = join(folder, 'run');
  const made = process.getuid?.() === 0 && options.owner === undefined ? makeSystemAccount(options.home) : undefined;
  const account = made ?? options.owner ?? ownAccount();
  const config = join(folder, 'gateway.yaml');
  mkdirSync(dataDir, { recursive: true });
  if (options.owner !== undefined) execFileSync('chown', ['-R', options.owner.name, folder]);
  const rules = { pollIntervalS: 0.5, stopTimeoutS: 2, startTimeoutS: 30, cylc: options.cylc, ...options.servers };
  writeFileSync(config, JSON.stringify({ dataDir, runtimeDir, servers: rules }));
  const ask: Site['ask'] = async (method, path, body) =>
    (await askControl(controlPath(runtimeDir), method, path, body)).body;
  const idOf = (name: string): string => `${account.name}/${name}`;

  async function faultsNow(known: Iterable<string>): Promise<string[]> {
    const state = await site.state();
    const faults = [...known].filter((name) => state.servers[idOf(name)] === undefined).map((name) => `lost ${name}`);
    const running = new Set<number>();
    for (const record of Object.values(state.servers)) {
      if (!['stopped', 'failed', 'ready'].includes(record.phase)) faults.push(`${record.name} is ${record.phase}`);
      if (record.handle?.kind !== 'process') continue;
      running.add(record.handle.process.pid);
      if (record.phase !== 'ready') faults.push(`${record.name} is ${record.phase} with a process`);
      else if (record.upstream === null || !(await answersAt(record.upstream, '/', 2000)))
        faults.push(`${record.name} is ready and does not answer`);
    }
    for (const pid of processesOf(runtimeDir)) if (!running.has(pid)) faults.push(`process ${pid} is an orphan`);
    return faults;
  }

  const site: Site = {
    account,
    folder,
    dataDir,
    runtimeDir,
    gateway: undefined as unknown as GatewayProcess,
    async serve() {
      const begun = performance.now();
      const { by } = options;
      site.gateway = await startGateway({
        dataDir,
        cwd: folder,
        args: ['--config', config],
        ...(by && { by }),
        env: { XDG_RUNTIME_DIR: undefined },
      });
      return performance.now() - begun;
    },
    ask,
    async start(name) {
      await ask('POST', '/v1/servers/start', { server: idOf(name) });
    },
    async stop(name) {
      await ask('POST', '/v1/servers/stop', { server: idOf(name) });
    },
    state: async () => (await ask('GET', '/v1/documents'))['state'] as StateData,
    record: async (name) => (await site.state()).servers[idOf(name)],
    async became(name, phases, timeoutMs = 20_000) {
      const until = performance.now() + timeoutMs;
      for (;;) {
        const record = await site.record(name);
        if (record !== undefined && phases.includes(record.phase)) return record;
        if (performance.now() > until)
          throw new Error(`${name} is ${JSON.stringify(record)}, not ${phases.join(' or ')}`);
        await sleep(10);
      }
    },
    async healed(known, timeoutMs = 10_000) {
      const begun = performance.now();
      for (;;) {
        const faults = await faultsNow(known);
        const ms = performance.now() - begun;
        if (faults.length === 0) return ms;
        if (ms > timeoutMs) throw new Error(`not healed: ${faults.join('; ')}\n${site.gateway.output().slice(-3000)}`);
        await sleep(20);
      }
    },
    async close() {
      await ask('POST', '/v1/servers/stop', { server: null }).catch(() => {});
      await site.gateway.end();
      for (const pid of processesOf(runtimeDir)) process.kill(pid, 'SIGKILL');
      made?.remove();
      await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
    },
  };
  await site.serve();
  return site;
}

const launchers = new Set(['sh', 'setsid', 'setpriv', 'prlimit', 'env', 'sudo']);

/** Servers of this site that run, by the socket in their command line: seen from outside, without the gateway. */
export function processesOf(runtimeDir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
        const zombie = /\) Z /.test(readFileSync(`/proc/${name}/stat`, 'latin1'));
        return (
          !zombie &&
          !launchers.has(basename(words[0] ?? '')) &&
          words.some((word) => word.includes(`sock=${runtimeDir}/`))
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}

export function pidOf(record: ServerRecord | undefined): number {
  return record?.handle?.kind === 'process' ? record.handle.process.pid : 0;
}
