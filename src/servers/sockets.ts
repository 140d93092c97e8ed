import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Account } from '../access/types.ts';
import { GatewayError, SetupError } from '../errors.ts';
import { runProgram } from '../processes/childProcess.ts';
import { toolPath } from '../processes/systemTools.ts';
import type { ServerKey } from './types.ts';

/** Longest path of a unix socket on Linux: `sun_path` has 108 bytes with its closing NUL (unix(7)). */
export const maxSocketPathBytes = 107;
/** Slash, uid of ten digits, slash, eight digits of a hash, `.sock`. */
const tailBytes = 1 + 10 + 1 + 8 + 5;

/**
 * Folder of the sockets where none is configured: under `dataDir` if that is short enough and the accounts need not
 * reach into it, else a short one that stays the same for this `dataDir`.
 */
export function chooseRuntimeDir(options: {
  configured: string | undefined;
  dataDir: string;
  uid: number;
  sudo?: boolean;
}): string {
  if (options.configured !== undefined) return resolve(options.configured);
  const dataDir = resolve(options.dataDir);
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 8);
  if (options.uid === 0) return `/run/cylc-gateway-${hash}`;
  const near = join(dataDir, 'run');
  return fits(near) && options.sudo !== true ? near : `/tmp/cylc-gateway-${options.uid}-${hash}`;
}

/**
 * Short enough, and without capital letters: the Hub's socket lies there too, and aiohttp, by which a UI server calls the
 * Hub, makes the host of its `http+unix://` address lower case (seen with aiohttp 3.13 of jupyterhub 6.1).
 */
function fits(runtimeDir: string): boolean {
  return runtimeDir === runtimeDir.toLowerCase() && Buffer.byteLength(runtimeDir) + tailBytes <= maxSocketPathBytes;
}

/** Why sockets cannot lie in that folder; undefined if they can. */
export function runtimeDirFault(runtimeDir: string): SetupError | undefined {
  if (fits(runtimeDir)) return undefined;
  return new SetupError(`The path of runtimeDir is too long for unix sockets, or has capital letters: ${runtimeDir}`, {
    advice: `Set runtimeDir to a path of at most ${maxSocketPathBytes - tailBytes} bytes, in lower case.`,
  });
}

/** Makes and checks the folder: ours, no link, and open to others only for passing through (root, sudo), or not at all. */
export async function prepareRuntimeDir(runtimeDir: string, uid: number, sudo = false): Promise<void> {
  const fault = runtimeDirFault(runtimeDir);
  if (fault !== undefined) throw fault;
  try {
    await ownFolder(runtimeDir, { uid, mode: uid === 0 || sudo ? 0o711 : 0o700 });
    await ownFolder(join(runtimeDir, 'starts'), { uid, mode: 0o700 });
  } catch (error) {
    throw new SetupError(`The folder of the sockets cannot be used: ${(error as Error).message}`, {
      advice: 'Remove it, or set runtimeDir to another folder.',
      exitCode: 73,
      cause: error,
    });
  }
}

/** Where this server is to listen: in a folder that its account alone can enter. Left-overs there are removed. */
export async function prepareSocket(options: {
  runtimeDir: string;
  account: Account;
  key: ServerKey;
  /** Whether servers of others are started by sudo: then the folder is the gateway's, and let open for the account. */
  sudo?: boolean;
}): Promise<string> {
  const { runtimeDir, account, key } = options;
  const folder = join(runtimeDir, String(account.uid));
  const own = process.geteuid?.() ?? 0;
  try {
    if (options.sudo === true && own !== 0 && own !== account.uid) await sharedFolder(folder, own, account.name);
    else await ownFolder(folder, { uid: account.uid, gid: account.gid, mode: 0o700 });
    const path = socketPath(runtimeDir, account.uid, key);
    await rm(path, { force: true });
    return path;
  } catch (error) {
    throw new GatewayError('spawn.failed', {
      message: 'The folder for the socket of the server is not safe to use.',
      advice: 'Tell the administrator of this site: the log says what is wrong with it.',
      cause: error,
      facts: { folder },
    });
  }
}

/** Server names can be long, socket paths not. */
export function socketPath(runtimeDir: string, uid: number, key: ServerKey): string {
  const hash = createHash('sha256').update(key.name).digest('hex').slice(0, 8);
  return join(runtimeDir, String(uid), `${hash}.sock`);
}

/**
 * Of the gateway, and open to one more account by an access control list (acl(5)). What is made in it gets the group of
 * the gateway: so the gateway can connect to a socket that the account has opened to its group.
 */
async function sharedFolder(path: string, uid: number, account: string): Promise<void> {
  await ownFolder(path, { uid, mode: 0o2770 });
  const entries = `u::rwx,u:${account}:rwx,g::rwx,m::rwx,o::-`;
  await runProgram([toolPath('setfacl'), '--set', entries, '--', path], { timeout: 5000 });
}

async function ownFolder(path: string, want: { uid: number; gid?: number; mode: number }): Promise<void> {
  const made = await mkdir(path, { mode: want.mode }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
  if (made) {
    if (process.getuid?.() !== want.uid) await chown(path, want.uid, want.gid ?? want.uid);
    await chmod(path, want.mode);
  }
  const found = await lstat(path);
  if (!found.isDirectory()) throw new Error(`${path} is not a folder`);
  if (found.uid !== want.uid) throw new Error(`${path} belongs to uid ${found.uid}, not to ${want.uid}`);
  if ((found.mode & 0o777 & ~want.mode) !== 0)
    throw new Error(`${path} is open to others (mode ${(found.mode & 0o777).toString(8)})`);
}
