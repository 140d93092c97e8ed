import { connect } from 'node:net';
import type { OnReadOpts, Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { AccountSocket, connectSocket } from '../../listen/accountSocket.ts';
import type { Upstream } from '../../servers/types.ts';
import type { UpstreamTls } from '../../spawners/types.ts';
import { OwnedSocket } from './ownedSocket.ts';

/** A socket to the upstream; the one place that knows what kinds there are. For `onread` see `Connect`. */
export function connectUpstream(
  upstream: Upstream,
  tls: UpstreamTls | undefined,
  onread: OnReadOpts | undefined,
): Socket {
  if (upstream.kind === 'unix') return connectSocket(upstream.path, onread);
  const { host, port } = upstream;
  if (upstream.owner !== undefined) return new OwnedSocket({ port, owner: upstream.owner, onread });
  if (upstream.tls === undefined) return connect({ host, port, noDelay: true, onread });
  // Without keys no certificate is trusted, and the connection fails.
  const keyed = { ...tls?.(upstream.tls), host, port, onread };
  return connectTls(keyed).setNoDelay(true);
}

/** Calls once the socket may be written to: not before the certificate, or the owner of socket or port, has been checked. */
export function onConnected(socket: Socket, call: () => void): void {
  if (socket instanceof OwnedSocket || socket instanceof AccountSocket) return void socket.checked.then(call);
  socket.on(socket instanceof TLSSocket ? 'secureConnect' : 'connect', call);
}

/** The same text for the same upstream. */
export function keyOf(upstream: Upstream): string {
  if (upstream.kind === 'unix') return upstream.path;
  return `${upstream.host}:${upstream.port}${upstream.tls === undefined ? '' : `/${upstream.tls}`}${upstream.owner === undefined ? '' : `#${upstream.owner}`}`;
}
