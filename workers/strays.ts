import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parseStat, readBootId, readOwner } from './processes.ts';
import type { StrayProcess, StraysJob } from './protocol.ts';

/** Steps of a launch, which have the server's command line among their arguments. */
const launchers = new Set(['sh', 'setsid', 'setpriv', 'prlimit', 'env', 'sudo']);

/**
 * Job: processes that listen, by their own command line, at a socket below this folder: the gateway's servers, whether it
 * remembers them or not. Somebody else who writes such a command line is not believed: each account has a folder of its own.
 * A server with a port has no such line: it is known as Cylc's by its command, and as ours by the environment of its start.
 */
export default function strays({ folder }: StraysJob): StrayProcess[] {
  const bootId = readBootId();
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => look(name, folder, bootId) ?? []);
}

function look(name: string, folder: string, bootId: string): StrayProcess | undefined {
  try {
    const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
    if (launchers.has(basename(words[0] ?? ''))) return undefined;
    const sockets = words.flatMap((word) => socketOf(word) ?? []);
    const socket = sockets.find((path) => path.startsWith(`${folder}/`));
    const hasPort = sockets.length === 0 && words.includes('hubapp') && isOfGateway(name, folder);
    if (socket === undefined && !hasPort) return undefined;
    const uid = readOwner(Number(name));
    if (uid === undefined) return undefined;
    const { pid, startTime, session, state } = parseStat(readFileSync(`/proc/${name}/stat`, 'latin1'));
    if (isService(name)) return undefined;
    if (state === 'Z' || (socket !== undefined && String(uid) !== basename(dirname(socket)))) return undefined;
    const command = words.join(' ').trim().slice(0, 300);
    return { process: { pid, startTime, bootId, uid }, uid, session, socket: socket ?? null, command };
  } catch {
    // it has ended meanwhile
    return undefined;
  }
}

function socketOf(word: string): string | undefined {
  return /^--(?:ServerApp\.)?sock=(.*)$/.exec(word)?.[1];
}

/** Its own, or that of the fork server that it came out of, names a folder of ours. */
function isOfGateway(name: string, folder: string): boolean {
  const variables = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
  return variables.some(
    (text) => /^(JUPYTER_CONFIG_PATH|CYLC_GATEWAY_WARM)=/.test(text) && text.includes(`=${folder}/`),
  );
}

/** Services may listen at sockets beside; what we may not read is not one of ours that we started. */
function isService(name: string): boolean {
  try {
    return /(^|\0)JUPYTERHUB_SERVICE_NAME=/.test(readFileSync(`/proc/${name}/environ`, 'latin1'));
  } catch {
    return false;
  }
}
