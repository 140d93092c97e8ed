import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { ownsPort } from '../listen/portOwner.ts';
import type { UpstreamTls } from '../spawners/types.ts';
import type { Upstream } from './types.ts';

/**
 * Whether the server itself answers: any status below 500 to `<prefix>api` (Jupyter Server's version page, which needs
 * no sign-in). An open port proves nothing.
 */
export function answers(upstream: Upstream, prefix: string, timeoutMs: number, tls?: UpstreamTls): Promise<boolean> {
  return answersAt(upstream, `${prefix}api`, timeoutMs, tls);
}

/** Whether there is any answer below 500 at this path. */
export async function answersAt(
  upstream: Upstream,
  path: string,
  timeoutMs: number,
  tls?: UpstreamTls,
): Promise<boolean> {
  if (upstream.kind === 'tcp' && upstream.owner !== undefined && !(await ownsPort(upstream.port, upstream.owner)))
    return false;
  return new Promise((resolve) => {
    const where =
      upstream.kind === 'unix' ? { socketPath: upstream.path } : { host: upstream.host, port: upstream.port };
    const secure = upstream.kind === 'tcp' && upstream.tls !== undefined ? tls?.(upstream.tls) : undefined;
    const probe = (secure === undefined ? request : requestTls)(
      { ...where, ...secure, path, agent: false, timeout: timeoutMs, headers: { host: 'localhost' } },
      (response) => {
        response.resume();
        resolve((response.statusCode ?? 500) < 500);
      },
    );
    const stop = setTimeout(() => probe.destroy(), timeoutMs);
    probe.on('error', () => resolve(false));
    probe.on('close', () => {
      clearTimeout(stop);
      resolve(false);
    });
    probe.end();
  });
}
