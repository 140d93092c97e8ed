import { readFile } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import type { Logger } from '../telemetry/log.ts';

export interface LoopbackLimits {
  /** Connections that an account may have. */
  perPeer: number;
  isTrusted(uid: number): boolean;
}

/** Between two looks, ms. The table grows with all connections of the machine. */
const lookEveryMs = 1000;

/**
 * Holds each account to a number of connections to a listener on 127.0.0.1, where every client has the same address. Only
 * the kernel's table says whose a connection is (proc(5), /proc/net/tcp), and to read it for each would cost much: it is
 * read once there are more than one account may have, at most once a second; what is too many of an account is closed.
 */
export function trimLoopbackPeers(server: Server, limits: LoopbackLimits, log: Logger | undefined): void {
  const open = new Set<Socket>();
  let isDue = false;

  async function look(): Promise<void> {
    isDue = false;
    const address = server.address();
    // Closed meanwhile
    if (typeof address !== 'object' || address === null) return;
    const tables = await Promise.all(
      ['tcp', 'tcp6'].map((name) => readFile(`/proc/self/net/${name}`, 'latin1').catch(() => '')),
    );
    const owners = new Map(tables.flatMap((table) => [...clientsOf(table, address.port)]));
    for (const [uid, sockets] of byOwner(open, owners))
      if (!limits.isTrusted(uid) && sockets.length > limits.perPeer) {
        log?.warn({ uid, connections: sockets.length }, 'connections of an account closed: too many');
        for (const socket of sockets.slice(limits.perPeer)) socket.destroy();
      }
  }

  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    if (open.size <= limits.perPeer || isDue) return;
    isDue = true;
    setTimeout(() => void look(), lookEveryMs).unref();
  });
}

/** The port and uid of each client of this port of loopback. */
export function* clientsOf(table: string, port: number): Generator<[number, number]> {
  const server = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (const line of table.split('\n').slice(1)) {
    const [, local = '', remote = '', , , , , uid] = line.trim().split(/\s+/);
    if (remote.endsWith(server)) yield [Number.parseInt(local.slice(local.lastIndexOf(':') + 1), 16), Number(uid)];
  }
}

function byOwner(open: Iterable<Socket>, owners: ReadonlyMap<number, number>): Map<number, Socket[]> {
  const found = new Map<number, Socket[]>();
  for (const socket of open) {
    const uid = owners.get(socket.remotePort ?? 0);
    if (uid !== undefined) found.set(uid, [...(found.get(uid) ?? []), socket]);
  }
  return found;
}
