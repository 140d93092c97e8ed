import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parseStat, readBootId, readOwner } from './processes.ts';
import { createReadWords } from './processWords.ts';
import type { ReadWords } from './processWords.ts';
import type { StrayProcess, StraysJob } from './protocol.ts';

/** Steps of a launch, which have the server's command line among their arguments. */
const launchers = new Set(['sh', 'setsid', 'setpriv', 'prlimit', 'env', 'sudo']);
const readWords = createReadWords();

/**
 * Job: processes that listen, by their own command line, at a socket below this folder: the gateway's servers, whether it
 * remembers them or not. Somebody else who writes such a command line is not believed: each account has a folder of its own.
 * A server with a port has no such line: it is known as Cylc's by its command, and as ours by the environment of its start.
 */
export default async function strays({ folder, uid: asked }: StraysJob): Promise<StrayProcess[]> {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const byOwner = Map.groupBy(pids, ownerOf);
  const owners = [...byOwner].flatMap(([uid, own]) =>
    uid === undefined || (asked !== undefined && asked !== uid) ? [] : [look({ folder, uid, pids: own })],
  );
  return (await Promise.all(owners)).flat();
}

function ownerOf(pid: string): number | undefined {
  try {
    return readOwner(Number(pid));
  } catch {
    return undefined;
  }
}

async function look({ folder, uid, pids }: { folder: string; uid: number; pids: string[] }): Promise<StrayProcess[]> {
  const commands = await readWords(uid, { pids, file: 'cmdline', like: '' });
  const found = [...commands].flatMap(([pid, words]) => {
    if (launchers.has(basename(words[0] ?? ''))) return [];
    const sockets = words.flatMap((word) => socketOf(word) ?? []);
    const socket = sockets.find((path) => path.startsWith(`${folder}/`));
    if (socket === undefined ? sockets.length > 0 || !words.includes('hubapp') : uid !== folderOwner(socket)) return [];
    return [{ pid, words, socket }];
  });
  if (found.length === 0) return [];
  const variables = await readVariables(
    uid,
    found.map(({ pid }) => pid),
  );
  return found.flatMap(({ pid, words, socket }) => {
    const own = variables.get(pid) ?? [];
    if (isService(own) || (socket === undefined && !isOfGateway(own, folder))) return [];
    const stat = statOf(pid);
    if (stat === undefined) return [];
    const { startTime, session } = stat;
    const process = { pid: Number(pid), startTime, bootId: readBootId(), uid };
    return [{ process, uid, session, socket: socket ?? null, command: words.join(' ').trim().slice(0, 300) }];
  });
}

/** Undefined: it has ended. */
function statOf(pid: string): ReturnType<typeof parseStat> | undefined {
  try {
    const stat = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return stat.state === 'Z' ? undefined : stat;
  } catch {
    return undefined;
  }
}

function socketOf(word: string): string | undefined {
  return /^--(?:ServerApp\.)?sock=(.*)$/.exec(word)?.[1];
}

function folderOwner(socket: string): number {
  return Number(basename(dirname(socket)));
}

function readVariables(uid: number, pids: string[]): ReturnType<ReadWords> {
  const like = '^(JUPYTER_CONFIG_PATH|CYLC_GATEWAY_WARM|JUPYTERHUB_SERVICE_NAME)=';
  return readWords(uid, { pids, file: 'environ', like });
}

/** Its own, or that of the fork server that it came out of, names a folder of ours. */
function isOfGateway(variables: readonly string[], folder: string): boolean {
  return variables.some((text) => !text.startsWith('JUPYTERHUB_') && text.includes(`=${folder}/`));
}

/** Services may listen at sockets beside; what we may not read is not one of ours that we started. */
function isService(variables: readonly string[]): boolean {
  return variables.some((text) => text.startsWith('JUPYTERHUB_SERVICE_NAME='));
}
