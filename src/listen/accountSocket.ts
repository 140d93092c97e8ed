import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { OnReadOpts } from 'node:net';
import { basename, dirname } from 'node:path';
import { peerOfNow } from './peerCredentials.ts';

/** open(2), of Linux: refers to the file itself, and neither reads it nor, for a socket, connects. Node has no name for it. */
const openPathOnly = 0o1000_0000;

/**
 * Whose socket lies at this path: those of servers and services are in a folder that is named for the uid of their
 * account (src/servers/sockets.ts). Undefined for any other path, which the site itself has configured.
 */
export function ownerOfSocket(path: string): number | undefined {
  const folder = basename(dirname(path));
  return /^\d{1,10}$/.test(folder) ? Number(folder) : undefined;
}

/** Connects to a unix socket; to one in the folder of an account only if it is that account's. */
export function connectSocket(path: string, onread?: OnReadOpts): Socket {
  const owner = ownerOfSocket(path);
  if (owner !== undefined) return new AccountSocket({ path, owner, onread });
  return new Socket(onread === undefined ? {} : { onread }).connect({ path });
}

/**
 * A connection to a unix socket where an account can put anything: a link to a socket of root, of another account, or to
 * no socket. So what lies there is opened, without following a link, looked at, and connected to by its descriptor,
 * whatever lies there by then; and it must be a process of the account that listens. Else it ends with an error before a
 * byte is sent, and nobody else's program hears of it.
 */
export class AccountSocket extends Socket {
  /** Resolves once the account's own process is known to listen, or never. */
  readonly checked: Promise<void>;

  constructor({ path, owner, onread }: { path: string; owner: number; onread: OnReadOpts | undefined }) {
    super(onread === undefined ? {} : { onread });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.checked = promise;
    let descriptor: number;
    try {
      descriptor = openSocketOf(path, owner);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.once('close', () => closeSync(descriptor));
    // Before anybody else's listener, and so before anything that waits is written.
    this.once('connect', () => {
      const fault = peerFault(this, path, owner);
      if (fault === undefined) resolve();
      else this.destroy(fault);
    });
    this.connect({ path: `/proc/self/fd/${descriptor}` });
  }
}

function openSocketOf(path: string, owner: number): number {
  const descriptor = openSync(path, openPathOnly | constants.O_NOFOLLOW);
  try {
    const found = fstatSync(descriptor);
    if (!found.isSocket()) throw foreign(path, 'it is no socket');
    if (found.uid !== owner) throw foreign(path, `it belongs to uid ${found.uid}, not to ${owner}`);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** A gateway that is not root can be without the means to ask; it has nobody's power but its own to lend. */
function peerFault(socket: Socket, path: string, owner: number): Error | undefined {
  const peerOf = peerOfNow();
  if (peerOf === undefined && process.geteuid?.() !== 0) return undefined;
  const peer = peerOf?.(socket);
  if (peer?.uid === owner) return undefined;
  return foreign(path, `uid ${peer?.uid ?? 'unknown'} listens there, not ${owner}`);
}

function foreign(path: string, why: string): Error {
  return Object.assign(new Error(`the socket ${path} is not its account's: ${why}`), { code: 'EFOREIGN' });
}
