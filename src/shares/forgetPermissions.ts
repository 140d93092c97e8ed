import { innerCall } from '../servers/innerCall.ts';
import type { Upstream } from '../servers/types.ts';
import type { UpstreamTls } from '../spawners/types.ts';

const timeoutMs = 5000;

/**
 * Tells a UI server to forget what its visitors may do, so that it asks anew (workers/cylc/cylc_gateway_grants.py).
 * False where it does not know how: another Cylc, or one that was started without our configuration.
 */
export async function forgetPermissions(upstream: Upstream, prefix: string, tls?: UpstreamTls): Promise<boolean> {
  const path = `${prefix}cylc-gateway/forget`;
  return (await innerCall({ upstream, method: 'POST', path, timeoutMs, tls })) === 204;
}
