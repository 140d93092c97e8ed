import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { ServiceConfig } from '../config/sections/services.ts';
import type { SystemUser } from '../identity/systemUsers.ts';
import { cylcConfigDir } from '../servers/cylcConfig.ts';
import { prepareSocket } from '../servers/sockets.ts';
import type { Upstream } from '../servers/types.ts';
import type { ProcessPlan } from './runProcess.ts';

/** A Cylc whose Python is known, for Cylc Review. */
export interface CylcPlace {
  /** Path of the `cylc` command. */
  path: string;
  python: string;
}

export interface PlanParts {
  service: ServiceConfig;
  /** Whom it runs as. */
  user: SystemUser;
  /** With a slash at both ends. */
  prefix: string;
  /** Names its socket and log; of a copy of one person's, with that person in it. */
  id: string;
  hubEnvironment: Readonly<Record<string, string>>;
  cylc: CylcPlace | undefined;
  runtimeDir: string;
  dataDir: string;
  /** Effective uid of the gateway. */
  ownUid: number;
}

/** Where a service listens; undefined where it has no web part. */
export async function upstreamOf(parts: PlanParts): Promise<Upstream | undefined> {
  const { service, user, id, runtimeDir } = parts;
  if (usesSocket(service)) {
    const account = { ...user, groups: [], admin: false };
    return {
      kind: 'unix',
      path: await prepareSocket({ runtimeDir, account, key: { owner: user.name, name: `service ${id}` } }),
    };
  }
  return service.url === undefined ? undefined : addressOf(service.url);
}

export function addressOf(url: string): Upstream {
  const { hostname, port } = new URL(url);
  return { kind: 'tcp', host: hostname.replaceAll(/^\[|\]$/g, ''), port: Number(port === '' ? 80 : port) };
}

export function usesSocket(service: ServiceConfig): boolean {
  return service.kind === 'cylc-review' || service.command.some((word) => word.includes('{socket}'));
}

/** Whether people can open it in a browser. */
export function hasWebPart(service: ServiceConfig): boolean {
  return usesSocket(service) || service.url !== undefined;
}

/** Says in full what is to be run. Throws where the site's configuration does not allow it. */
export async function planOf(parts: PlanParts & { upstream: Upstream | undefined }): Promise<ProcessPlan> {
  const { service, user, id, dataDir, ownUid } = parts;
  if (user.uid !== ownUid && ownUid !== 0)
    throw new Error(`only a gateway that runs as root can run it as ${user.name}`);
  await mkdir(join(dataDir, 'logs'), { recursive: true, mode: 0o700 });
  return {
    command: commandOf(parts),
    env: { ...baseEnvironment(user, parts.cylc), ...parts.hubEnvironment, ...service.environment },
    cwd: service.cwd ?? (user.home === '/nonexistent' ? '/' : user.home),
    logFile: serviceLog(dataDir, id),
    user: user.uid === ownUid ? undefined : { uid: user.uid, gid: user.gid },
  };
}

export function serviceLog(dataDir: string, id: string): string {
  return join(dataDir, 'logs', `service+${encodeURIComponent(id)}.log`);
}

function commandOf({
  service,
  cylc,
  prefix,
  upstream,
  runtimeDir,
}: PlanParts & { upstream: Upstream | undefined }): string[] {
  const socket = upstream?.kind === 'unix' ? upstream.path : '';
  if (service.kind !== 'cylc-review')
    return service.command.map((word) => word.replaceAll('{socket}', socket).replaceAll('{prefix}', prefix));
  if (cylc === undefined) throw new Error('no Cylc with a Python that is known was found (servers.cylc)');
  return [cylc.python, join(cylcConfigDir(runtimeDir), 'review_service.py'), socket, prefix];
}

function baseEnvironment(user: SystemUser, cylc: CylcPlace | undefined): Record<string, string> {
  const system = '/usr/local/bin:/usr/bin:/bin';
  return {
    PATH: cylc === undefined ? system : [dirname(cylc.path), system].join(delimiter),
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    SHELL: user.shell,
    LANG: 'C.UTF-8',
  };
}
