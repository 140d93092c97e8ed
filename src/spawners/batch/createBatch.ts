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
import { createSlurmSpawner } from '../slurm/slurmSpawner.ts';
import type { Spawner, UpstreamTls } from '../types.ts';
import { openAuthority, startOfRelayName } from './authority.ts';
import type { Authority } from './authority.ts';
import { createDesk } from './desk.ts';
import type { Desk } from './desk.ts';
import type { NodePlaces } from './jobScript.ts';
import { createRunAs } from './runAs.ts';

export interface BatchOptions {
  config: Pick<Config, 'spawners' | 'hub'>;
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
  const { config, dataDir, clock } = options;
  const { slurm } = config.spawners;
  if (slurm === undefined) return { spawners: [], nodes: undefined };
  const authority = await openAuthority({ dataDir, clock });
  const desk = createDesk({ ...options, address: slurm.address });
  let port = config.hub.listen.port;
  const places = placesOf(options, () => port);
  return {
    spawners: [slurmSpawner(options, slurm, { authority, desk, places: () => places(slurm) })],
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

type NodeConfig = Pick<NonNullable<Config['spawners']['slurm']>, 'bind' | 'ports' | 'python'>;

function reportPath(urls: Pick<Urls, 'hub'>): string {
  return `${urls.hub('api')}/relay`;
}

function placesOf({ config, urls }: BatchOptions, port: () => number): (of: NodeConfig) => NodePlaces {
  return ({ bind, ports, python }) => {
    const url = new URL(config.hub.connectUrl ?? `https://${hostname()}:${port()}`);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return { host, port: Number(url.port || 443), bind, ports, python, reportPath: reportPath(urls) };
  };
}

function slurmSpawner(
  options: BatchOptions,
  slurm: NonNullable<Config['spawners']['slurm']>,
  parts: { authority: Authority; desk: Desk; places: () => NodePlaces },
): Spawner {
  const { pool, uid, clock, log } = options;
  const env = slurm.conf === undefined ? {} : { SLURM_CONF: slurm.conf };
  return createSlurmSpawner({
    ...parts,
    run: createRunAs({ pool, uid, env, timeoutMs: slurm.commandTimeoutS * 1000 }),
    tool: (name) => (slurm.bin === undefined ? name : join(slurm.bin, name)),
    submit: slurm.submit,
    maxAgeMs: slurm.pollIntervalS * 1000,
    userOf: (name) => options.accounts.find(name),
    clock,
    log,
  });
}
