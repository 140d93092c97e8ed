import { request } from 'node:http';
import { connectSocket } from '../listen/accountSocket.ts';
import type { Upstream } from '../servers/types.ts';

const timeoutMs = 5000;

/**
 * Tells a UI server to forget what its visitors may do, so that it asks anew (workers/cylc/cylc_gateway_grants.py).
 * False where it does not know how: another Cylc, or one that was started without our configuration.
 */
export function forgetPermissions(upstream: Upstream, prefix: string): Promise<boolean> {
  return new Promise((resolve) => {
    const where =
      upstream.kind === 'unix'
        ? { createConnection: () => connectSocket(upstream.path) }
        : { host: upstream.host, port: upstream.port, agent: false as const };
    const headers = { host: 'localhost', 'content-length': '0' };
    const call = request(
      { ...where, method: 'POST', path: `${prefix}cylc-gateway/forget`, timeout: timeoutMs, headers },
      (response) => {
        response.resume();
        resolve(response.statusCode === 204);
      },
    );
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(false));
    call.end();
  });
}
