import { randomBytes } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Account } from '../access/types.ts';
import type { SpawnPlan } from '../spawners/types.ts';
import type { Launch, LifeParts } from './lifeParts.ts';
import { cylcConfigDir } from './cylcConfig.ts';
import { programCommand, programEnvironment } from './programs.ts';
import { prepareSocket } from './sockets.ts';
import type { ServerKey } from './types.ts';

/** New for each start, and known before anything is launched. */
export function newRunFile(runtimeDir: string): string {
  return join(runtimeDir, 'starts', randomBytes(8).toString('hex'));
}

export function logFileOf(dataDir: string, key: ServerKey): string {
  return join(dataDir, 'logs', `${encodeURIComponent(key.owner)}+${encodeURIComponent(key.name)}.log`);
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
  const logFile = logFileOf(parts.dataDir, key);
  const [hubEnvironment, socket] = await Promise.all([
    parts.hub.prepare({ key, account, prefix: parts.urls.prefix(key) }),
    prepareSocket({ runtimeDir: parts.runtimeDir, account, key, sudo: config.sudo !== undefined }),
    startLog(parts.dataDir, logFile),
  ]);
  return {
    key,
    account,
    command: programCommand(launch.program, {
      socket,
      account,
      args: [...config.args, ...launch.args],
      groupSocket: config.sudo !== undefined && account.uid !== parts.uid,
    }),
    env: {
      ...programEnvironment(launch.program, account),
      ...withCylcConfig(launch, parts),
      ...launch.variables,
      ...hubEnvironment,
    },
    cwd: (launch.cwd ?? config.cwd).replace(/^~/, () => account.home),
    logFile,
    runFile,
    upstream: { kind: 'unix', path: socket },
    umask: Number.parseInt(launch.umask ?? config.umask, 8),
    ...(Object.keys(limits).length > 0 && { limits }),
    options: launch.options,
    submit: launch.submit,
    configDir: cylcConfigDir(parts.runtimeDir),
    ...(launch.program.python !== undefined && { python: launch.program.python }),
  };
}

/** The site's own variables; ours goes before its folders of configuration for Jupyter, and so wins. */
function withCylcConfig(launch: Launch, { config, runtimeDir }: LifeParts): Record<string, string> {
  if (launch.program.kind !== 'cylc') return config.environment;
  const folders = [cylcConfigDir(runtimeDir), config.environment['JUPYTER_CONFIG_PATH'] ?? ''];
  return { ...config.environment, JUPYTER_CONFIG_PATH: folders.filter((folder) => folder !== '').join(delimiter) };
}

/** Each start has a log of its own; that of the start before is kept beside it. */
async function startLog(dataDir: string, logFile: string): Promise<void> {
  await mkdir(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
  await rename(logFile, `${logFile}.1`).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

/** Values that must not be shown with a log or command line. */
export function secretsOf(env: Readonly<Record<string, string>>): string[] {
  return Object.entries(env).flatMap(([name, value]) => (/TOKEN|SECRET|PASSWORD/.test(name) ? [value] : []));
}
