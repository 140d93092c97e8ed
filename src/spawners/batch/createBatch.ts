import { hostname } from 'node:os';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import type { AccountDirectory } from '../../identity/types.ts';
import type { ServerKey } from '../../servers/types.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Urls } from '../../urls.ts';
import type { JobPool } from '../pool.ts';
import { createCommandSystem } from '../command/commandSystem.ts';
import { createSlurmSystem } from '../slurm/slurmSystem.ts';
import type { Spawner, UpstreamTls } from '../types.ts';
import { openAuthority, startOfRelayName } from './authority.ts';
import { createDesk } from './desk.ts';
import type { NodePlaces } from './jobScript.ts';
import { createJobSpawner } from './jobSpawner.ts';
import { createRunAs } from '../runAs.ts';
import type { BatchSystem, User } from './system.ts';

export interface BatchOptions {
  config: Pick<Config, 'spawners' | 'hub'> & { servers: Pick<Config['servers'], 'sudo'> };
  dataDir: string;
  pool: JobPool;
  accounts: AccountDirectory;
  urls: Pick<Urls, 'hub'>;
  uid: number;
  clock: Clock;
  log: Logger;
}

/** The batch spawners, and what the hop and the Hub's listener need for servers on other nodes. */
export interface Batch {
  spawners: Spawner[];
  /** Undefined where no batch spawner is configured: then there is nothing to listen for. */
  nodes: Nodes | undefined;
}

export interface Nodes {
  /** For the hop: how to reach a server. */
  toRelay: UpstreamTls;
  /** For the listener: who may connect, and who it is. */
  tls: TlsOptions;
  startOf(commonName: string | undefined): string | undefined;
  /** Path to which relays report. */
  reportPath: string;
  keyOf(startId: string): ServerKey | undefined;
  take(startId: string, body: unknown, from: string): Promise<number>;
  /** The port that the listener got. */
  opened(port: number): void;
  /** The servers of an earlier run have been found again. */
  settled(): void;
}

export async function createBatch(options: BatchOptions): Promise<Batch> {
  const { config, dataDir, clock, log, accounts } = options;
  const { slurm, command } = config.spawners;
  const systems = Object.entries(command).map(([kind, of]) => ({ of, system: commandSystem(options, kind, of) }));
  const all = [...(slurm === undefined ? [] : [{ of: slurm, system: slurmSystem(options, slurm) }]), ...systems];
  if (all.length === 0) return { spawners: [], nodes: undefined };
  const authority = await openAuthority({ dataDir, clock });
  const desk = createDesk({ clock, log });
  let port = config.hub.listen.port;
  const places = placesOf(options, () => port);
  const userOf = (name: string): Promise<User> => accounts.find(name);
  return {
    spawners: all.map(({ of, system }) =>
      createJobSpawner(system, { authority, desk, places: () => places(of), userOf, clock, log }),
    ),
    nodes: {
      toRelay: authority.toRelay,
      tls: authority.forRelays(),
      reportPath: reportPath(options.urls),
      startOf: startOfRelayName,
      keyOf: (startId) => desk.keyOf(startId),
      take: (...report) => desk.take(...report),
      opened: (opened) => void (port = opened),
      settled: () => desk.settled(),
    },
  };
}

type CommandConfig = Config['spawners']['command'][string];
type NodeConfig = Pick<CommandConfig, 'bind' | 'ports' | 'python' | 'address'>;

function reportPath(urls: Pick<Urls, 'hub'>): string {
  return `${urls.hub('api')}/relay`;
}

function placesOf({ config, urls }: BatchOptions, port: () => number): (of: NodeConfig) => NodePlaces {
  return ({ bind, ports, python, address }) => {
    const url = new URL(config.hub.connectUrl ?? `https://${hostname()}:${port()}`);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return { host, port: Number(url.port || 443), bind, ports, python, address, reportPath: reportPath(urls) };
  };
}

function slurmSystem(options: BatchOptions, slurm: NonNullable<Config['spawners']['slurm']>): BatchSystem {
  const { pool, uid, clock } = options;
  const { sudo } = options.config.servers;
  const env = slurm.conf === undefined ? {} : { SLURM_CONF: slurm.conf };
  return createSlurmSystem({
    run: createRunAs({ pool, uid, env, sudo, timeoutMs: slurm.commandTimeoutS * 1000 }),
    tool: (name) => (slurm.bin === undefined ? name : join(slurm.bin, name)),
    submit: slurm.submit,
    maxAgeMs: slurm.pollIntervalS * 1000,
    now: () => clock.now(),
  });
}

function commandSystem(options: BatchOptions, kind: string, config: CommandConfig): BatchSystem {
  const { pool, uid, clock } = options;
  const { sudo } = options.config.servers;
  return createCommandSystem({
    kind,
    config,
    run: createRunAs({ pool, uid, sudo, env: config.variables, timeoutMs: config.commandTimeoutS * 1000 }),
    now: () => clock.now(),
  });
}
