import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import type { Logger } from '../telemetry/log.ts';

export interface ConnectionLimits {
  /** All clients together. */
  inAll: number;
  /** Of one peer. */
  perPeer: number;
  /** Whose a connection is: an address, an account. Undefined where only the total counts. */
  peerOf(socket: Socket): string | undefined;
  /** What the two limits are called in the log. */
  names: { inAll: string; perPeer: string };
}

/** Descriptors that are none of the clients': logs, records, spawners, connections to issuers. */
const ownDescriptors = 500;
const tellEveryMs = 60_000;

/**
 * How many connections the process can afford: each may need a second descriptor, to an upstream. Beyond that records
 * could not be written and servers not reached, for anybody.
 */
export function affordableConnections(): number {
  const descriptors = maxOpenFiles();
  return Math.max(100, Math.floor((descriptors - ownDescriptors) / 2));
}

/** Closes new connections beyond the limits at once. For a server that listens already: who comes later goes first. */
export function limitConnections(server: Server, limits: ConnectionLimits, log: Logger | undefined): void {
  const byPeer = new Map<string, number>();
  let toldAt = Number.NEGATIVE_INFINITY;

  function tell(from: string, why: string): void {
    if (performance.now() - toldAt < tellEveryMs) return;
    toldAt = performance.now();
    log?.warn({ from, why }, 'connections refused');
  }

  server.maxConnections = limits.inAll;
  server.on('drop', (data) => tell(data?.remoteAddress ?? 'unknown', limits.names.inAll));
  server.prependListener('connection', (socket: Socket) => {
    const peer = limits.peerOf(socket);
    if (peer === undefined) return;
    const count = (byPeer.get(peer) ?? 0) + 1;
    if (count > limits.perPeer) {
      tell(peer, limits.names.perPeer);
      socket.destroy();
      return;
    }
    byPeer.set(peer, count);
    socket.once('close', () => {
      const left = (byPeer.get(peer) ?? 1) - 1;
      if (left === 0) byPeer.delete(peer);
      else byPeer.set(peer, left);
    });
  });
}

/** Of this process; Node itself raises the soft limit to the hard one. */
function maxOpenFiles(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
