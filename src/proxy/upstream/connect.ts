import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { Upstream } from '../../servers/types.ts';

/** A socket to the upstream; the one place that knows what kinds there are. */
export function connectUpstream(upstream: Upstream): Socket {
  return upstream.kind === 'unix'
    ? connect(upstream.path)
    : connect({ host: upstream.host, port: upstream.port, noDelay: true });
}

/** The same text for the same upstream. */
export function keyOf(upstream: Upstream): string {
  return upstream.kind === 'unix' ? upstream.path : `${upstream.host}:${upstream.port}`;
}
