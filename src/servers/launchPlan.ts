import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import type { Account } from '../access/types.ts';
import type { SpawnPlan } from '../spawners/types.ts';
import type { Launch, LifeParts } from './lifeParts.ts';
import { cylcConfigDir } from './cylcConfig.ts';
import { programCommand, programEnvironment } from './programs.ts';
import { prepareSocket } from './sockets.ts';
import type { ServerKey, Upstream } from './types.ts';

/** New for each start, and known before anything is launched. */
export function newRunFile(runtimeDir: string): string {
  return join(runtimeDir, 'starts', randomBytes(8).toString('hex'));
}

/** Makes the folder, the socket's place, the tokens and the log, and says in full what is to be run. */
export async function preparePlan(options: {
  key: ServerKey;
  account: Account;
  launch: Launch;
  runFile: string;
  parts: LifeParts;
}): Promise<SpawnPlan> {
  const { key, account, launch, runFile, parts } = options;
  const { config } = parts;
  const limits = { ...config.limits, ...launch.limits };
  const prefix = parts.urls.prefix(key);
  const [hubEnvironment, upstream, logFile, umask] = await Promise.all([
    parts.hub.prepare({ key, account, prefix }),
    wantsPort(launch, config) ? choosePort(account.uid) : socketOf(key, account, parts),
    logOf(key, account, launch, parts),
    umaskOf(account, launch, parts),
  ]);
  return {
    key,
    account,
    command: programCommand(launch.program, {
      upstream,
      prefix,
      account,
      args: [...config.args, ...launch.args],
      groupSocket: config.sudo !== undefined && account.uid !== parts.uid,
    }),
    env: {
      ...programEnvironment(launch.program, account),
      ...withCylcConfig(launch, parts),
      ...launch.variables,
      ...hubEnvironment,
      ...(upstream.kind === 'tcp' && { JUPYTERHUB_SERVICE_URL: `http://127.0.0.1:${upstream.port}${prefix}` }),
    },
    cwd: (launch.cwd ?? config.cwd).replace(/^~/, () => account.home),
    logFile,
    runFile,
    upstream,
    umask,
    ...(Object.keys(limits).length > 0 && { limits }),
    options: launch.options,
    submit: launch.submit,
    configDir: cylcConfigDir(parts.runtimeDir),
    ...(launch.program.python !== undefined && { python: launch.program.python }),
  };
}

async function socketOf(key: ServerKey, account: Account, { runtimeDir, config }: LifeParts): Promise<Upstream> {
  const path = await prepareSocket({ runtimeDir, account, key, sudo: config.sudo !== undefined });
  return { kind: 'unix', path };
}

/** Servers on other nodes have their relay, and the stand-in knows sockets alone. */
function wantsPort(launch: Launch, config: LifeParts['config']): boolean {
  const { program } = launch;
  return isHere(launch) && program.kind === 'cylc' && (program.listen ?? config.listen) === 'port';
}

/** Free now. Who takes it before the server does keeps it from starting, and gets nothing: it is not the account's. */
async function choosePort(owner: number): Promise<Upstream> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => {
    probe.close(resolve);
  });
  return { kind: 'tcp', host: '127.0.0.1', port, owner };
}

/** The site's own variables; ours goes before its folders of configuration for Jupyter, and so wins. */
function withCylcConfig(launch: Launch, { config, runtimeDir }: LifeParts): Record<string, string> {
  if (launch.program.kind !== 'cylc') return config.environment;
  const folders = [cylcConfigDir(runtimeDir), config.environment['JUPYTER_CONFIG_PATH'] ?? ''];
  return { ...config.environment, JUPYTER_CONFIG_PATH: folders.filter((folder) => folder !== '').join(delimiter) };
}

/** A server on another node sends its log by its relay; any other opens its own. */
function logOf(key: ServerKey, account: Account, launch: Launch, { logs }: LifeParts): Promise<string> {
  return isHere(launch) ? Promise.resolve(logs.pathOf(key, account)) : logs.startRelayed(key);
}

function umaskOf(account: Account, launch: Launch, { config, umasks }: LifeParts): Promise<number> {
  const chosen = launch.umask ?? config.umask;
  return chosen === undefined ? umasks.of(account) : Promise.resolve(Number.parseInt(chosen, 8));
}

function isHere({ spawner }: Launch): boolean {
  return spawner === 'warm' || spawner === 'account';
}

/** Values that must not be shown with a log or command line. */
export function secretsOf(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (/TOKEN|SECRET|PASSWORD/.test(name) ? [value] : []));
}
