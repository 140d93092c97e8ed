import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../telemetry/log.ts';
import { plainAddress } from './clientAddress.ts';
import { affordableConnections, limitConnections } from './connectionLimits.ts';
import { trimLoopbackPeers } from './loopbackPeers.ts';
import type { PeerOf } from './peerCredentials.ts';

/** Who can reach a listener that is not the public one. */
export type Reachable =
  /** Local accounts, by a unix socket. Undefined `peerOf`: nobody can tell whose a connection is. */
  | { by: 'socket'; peerOf: PeerOf | undefined }
  /** Local accounts, by 127.0.0.1. */
  | { by: 'loopback' }
  /** Other hosts, which have shown a certificate. */
  | { by: 'network' };

/** Connections of one account, or one host. A UI server keeps a few; accounts have some servers. */
const perPeer = 256;
/** For the head of a request, from the connection on; and for all of a request, ms. */
const headMs = 20_000;
const requestMs = 60_000;
/** Longer than the 15 s for which aiohttp keeps a connection: else its POST meets a closing one, and is not repeated. */
const keepAliveMs = 75_000;

/**
 * Bounds a listener of the gateway's own: connections of each peer first, since a total alone would let one account lock
 * out all others; then all together; and the time for a head. The gateway's own account and root have the total alone.
 */
export function boundPrivateServer(server: Server, reachable: Reachable, log: Logger | undefined): void {
  server.headersTimeout = headMs;
  server.requestTimeout = requestMs;
  server.keepAliveTimeout = keepAliveMs;
  const inAll = Math.max(perPeer, Math.floor(affordableConnections() / 2));
  const names = { inAll: 'all connections of a private listener', perPeer: 'connections of one peer to it' };
  limitConnections(server, { inAll, perPeer, peerOf: peerBy(reachable), names }, log);
  if (reachable.by === 'loopback') trimLoopbackPeers(server, { perPeer, isTrusted }, log);
}

function peerBy(reachable: Reachable): (socket: Socket) => string | undefined {
  // Whose a connection by loopback is, is found out later
  if (reachable.by === 'loopback') return () => undefined;
  if (reachable.by === 'network') return (socket) => plainAddress(socket.remoteAddress);
  const { peerOf } = reachable;
  if (peerOf === undefined) return () => undefined;
  return (socket) => {
    const uid = peerOf(socket)?.uid;
    return uid !== undefined && isTrusted(uid) ? undefined : `uid ${uid ?? 'unknown'}`;
  };
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}
