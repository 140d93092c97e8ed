import type { UpstreamTls } from '../spawners/types.ts';
import { innerCall } from './innerCall.ts';
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
  return (await innerCall({ upstream, method: 'GET', path, timeoutMs, tls })) ?? noAnswer;
}
