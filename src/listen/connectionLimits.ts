import { readFileSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import type { Logger } from '../telemetry/log.ts';
import { plainAddress } from './clientAddress.ts';

export interface ConnectionLimits {
  /** All clients together. */
  inAll: number;
  /** From one address, unless `trusts` it: a proxy in front brings many people. */
  perAddress: number;
  trusts(address: string): boolean;
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
export function limitConnections(server: Server, limits: ConnectionLimits, log: Logger): void {
  const byAddress = new Map<string, number>();
  let toldAt = Number.NEGATIVE_INFINITY;

  function tell(from: string, why: string): void {
    if (performance.now() - toldAt < tellEveryMs) return;
    toldAt = performance.now();
    log.warn({ from, why }, 'connections refused');
  }

  server.maxConnections = limits.inAll;
  server.on('drop', (data) => tell(data?.remoteAddress ?? 'unknown', 'listen.maxConnections'));
  server.prependListener('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress);
    if (limits.trusts(address)) return;
    const count = (byAddress.get(address) ?? 0) + 1;
    if (count > limits.perAddress) {
      tell(address, 'listen.connectionsPerAddress');
      socket.destroy();
      return;
    }
    byAddress.set(address, count);
    socket.once('close', () => {
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left === 0) byAddress.delete(address);
      else byAddress.set(address, left);
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
