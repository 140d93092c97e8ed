import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connectSocket } from '../listen/accountSocket.ts';
import { ownsPort } from '../listen/portOwner.ts';
import type { UpstreamTls } from '../spawners/types.ts';
import type { Upstream } from './types.ts';

/** `elsewhere`: something answers, but has nothing below this prefix. */
export type Readiness = 'answers' | 'elsewhere' | 'silent';

/**
 * Whether the server itself answers: any status below 500, but not 404, to `<prefix>api` (Jupyter Server's version page,
 * which needs no sign-in). An open port proves nothing, nor does a server that has its pages at another path.
 */
export async function readinessOf(
  upstream: Upstream,
  prefix: string,
  timeoutMs: number,
  tls?: UpstreamTls,
): Promise<Readiness> {
  const status = await statusAt(upstream, `${prefix}api`, timeoutMs, tls);
  if (status === 404) return 'elsewhere';
  return status < 500 ? 'answers' : 'silent';
}

/** Whether there is any answer below 500 at this path. */
export async function answersAt(
  upstream: Upstream,
  path: string,
  timeoutMs: number,
  tls?: UpstreamTls,
): Promise<boolean> {
  return (await statusAt(upstream, path, timeoutMs, tls)) < 500;
}

const noAnswer = 599;

/** Status of the answer; `noAnswer` where there is none. */
async function statusAt(upstream: Upstream, path: string, timeoutMs: number, tls?: UpstreamTls): Promise<number> {
  if (upstream.kind === 'tcp' && upstream.owner !== undefined && !(await ownsPort(upstream.port, upstream.owner)))
    return noAnswer;
  return new Promise((resolve) => {
    const where =
      upstream.kind === 'unix'
        ? { createConnection: () => connectSocket(upstream.path) }
        : { host: upstream.host, port: upstream.port, agent: false as const };
    const secure = upstream.kind === 'tcp' && upstream.tls !== undefined ? tls?.(upstream.tls) : undefined;
    const probe = (secure === undefined ? request : requestTls)(
      { ...where, ...secure, path, timeout: timeoutMs, headers: { host: 'localhost' } },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? noAnswer);
      },
    );
    const stop = setTimeout(() => probe.destroy(), timeoutMs);
    probe.on('error', () => resolve(noAnswer));
    probe.on('close', () => {
      clearTimeout(stop);
      resolve(noAnswer);
    });
    probe.end();
  });
}
