import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SpawnPlan } from '../types.ts';
import type { Authority } from './authority.ts';
import type { KeyPair } from './certificate.ts';

/** Where the relay of a job finds the gateway, and where it may listen. */
export interface NodePlaces {
  /** The gateway's listener for nodes, as nodes reach it. */
  host: string;
  port: number;
  /** Address that the relay binds on its node. */
  bind: string;
  /** Ports that it may take; without, any. */
  ports?: readonly [number, number] | undefined;
  /** How the gateway reaches it: by the address that it called from, or by the name of its node. */
  address: 'peer' | 'name';
  /** Path to which it reports. */
  reportPath: string;
  /** Command of Python 3.7 or newer on the nodes. */
  python: string;
}

const relayFile = fileURLToPath(
  new URL(`${extname(import.meta.url) === '.ts' ? '../../..' : '../../../..'}/workers/relay/relay.py`, import.meta.url),
);

/** The end of the text in the script: in no base64, and in no line of the relay. */
const end = 'END-OF-RELAY';

/**
 * The script of a batch job: the relay and its data. It holds the secrets of the start, so it goes to the submit command
 * by its standard input: never by arguments or a file, which others might read.
 */
export function jobScript(options: {
  plan: SpawnPlan;
  authority: Authority;
  pair: KeyPair;
  places: NodePlaces;
  /** Lines that the batch system reads (`#PBS …`). */
  directives?: readonly string[];
}): string {
  const { plan, authority, pair, places, directives = [] } = options;
  const data = {
    command: plan.command.map((word) => withPlaces(word, plan)),
    env: { ...configPlaces(plan), ...hubPlaces(plan.env) },
    files: filesOf(plan.configDir),
    cwd: plan.cwd,
    umask: plan.umask,
    limits: plan.limits ?? {},
    host: places.host,
    port: places.port,
    bind: places.bind,
    ports: places.ports ?? null,
    address: places.address,
    reportPath: places.reportPath,
    gatewayCert: authority.gatewayCert,
    gatewayName: authority.gatewayName,
    ...pair,
  };
  const encoded = Buffer.from(JSON.stringify(data)).toString('base64');
  return [
    '#!/bin/sh',
    ...directives,
    'umask 077',
    `log=${quote(`${plan.account.home}/.cylc/gateway`)}`,
    `name=${quote(logName(plan))}`,
    '{ mkdir -p "$log" && true > "$log/$name"; } 2>/dev/null && exec > "$log/$name" 2>&1',
    `exec ${quote(places.python)} - << '${end}'`,
    readFileSync(relayFile, 'utf8').trimEnd(),
    'import base64',
    `main(json.loads(base64.b64decode('${encoded}')))`,
    end,
    '',
  ].join('\n');
}

/** In `~/.cylc/gateway`: what the job writes, also where the gateway is not reached. */
export function logName(plan: Pick<SpawnPlan, 'key'>): string {
  return plan.key.name === '' ? 'server.log' : `server-${plan.key.name}.log`;
}

/** The sockets of this host become those of the node: the relay fills them in. */
function withPlaces(text: string, plan: SpawnPlan): string {
  return plan.upstream.kind === 'unix' ? text.replaceAll(plan.upstream.path, '@SOCKET@') : text;
}

/** Small files of ours: by name, their text. */
function filesOf(folder: string | undefined): Record<string, string> {
  if (folder === undefined) return {};
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(names.map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function configPlaces({ env, configDir }: SpawnPlan): Record<string, string> {
  if (configDir === undefined) return { ...env };
  const place = (value: string): string => value.replaceAll(configDir, '@CONFIG@');
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, place(value)]));
}

/** The addresses of the Hub, by the relay's socket. */
function hubPlaces(env: SpawnPlan['env']): Record<string, string> {
  const names = ['JUPYTERHUB_API_URL', 'JUPYTERHUB_ACTIVITY_URL'].filter((name) => env[name] !== undefined);
  return Object.fromEntries(
    names.map((name) => [name, (env[name] ?? '').replace(/^https?(\+unix)?:\/\/[^/]+/, 'http+unix://@HUB@')]),
  );
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
