import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connectSocket } from '../listen/accountSocket.ts';
import { ownsPort } from '../listen/portOwner.ts';
import type { UpstreamTls } from '../spawners/types.ts';
import type { Upstream } from './types.ts';

export interface InnerCall {
  upstream: Upstream;
  method: 'GET' | 'POST';
  path: string;
  /** For all of it. */
  timeoutMs: number;
  tls?: UpstreamTls | undefined;
}

const mostHeadBytes = 16 * 1024;
/** Interim answers (RFC 9110, 15.2): we ask for none. */
const mostInterim = 4;

/**
 * The status that a server or service answers to a call of the gateway's own, or undefined: the only client for such calls.
 * Who answers is not trusted: its answer is read to the end of its head, which is short and in time, and no further.
 */
export async function innerCall({ upstream, method, path, timeoutMs, tls }: InnerCall): Promise<number | undefined> {
  if (upstream.kind === 'tcp' && upstream.owner !== undefined && !(await ownsPort(upstream.port, upstream.owner)))
    return undefined;
  const secure = upstream.kind === 'tcp' && upstream.tls !== undefined ? tls?.(upstream.tls) : undefined;
  // Never without its certificate to one that has to prove itself.
  if (upstream.kind === 'tcp' && upstream.tls !== undefined && secure === undefined) return undefined;
  return new Promise((resolve) => {
    const where =
      upstream.kind === 'unix'
        ? { createConnection: () => connectSocket(upstream.path) }
        : { host: upstream.host, port: upstream.port, agent: false as const };
    const headers = { host: 'localhost', ...(method === 'POST' && { 'content-length': '0' }) };
    const options = { ...where, ...secure, method, path, headers, maxHeaderSize: mostHeadBytes } as const;
    const call = (secure === undefined ? request : requestTls)(options, (response) => {
      resolve(response.statusCode);
      response.on('error', () => {});
      call.destroy();
    });
    const deadline = setTimeout(() => call.destroy(), timeoutMs);
    let interim = 0;
    call.on('information', () => {
      interim += 1;
      if (interim > mostInterim) call.destroy();
    });
    // Nobody asked for another protocol; without a listener the connection would be left to itself.
    call.on('upgrade', (_, socket) => socket.destroy());
    call.on('error', () => resolve(undefined));
    call.on('close', () => {
      clearTimeout(deadline);
      resolve(undefined);
    });
    call.end();
  });
}
