import { clientOf } from '../listen/clientAddress.ts';
import type { Asked, Exchange, HopPlan } from '../proxy/types.ts';
import type { Events } from './events.ts';

/** Sessions whose visits are remembered at once; beyond it the oldest visit again. */
const maxSessions = 20_000;

/**
 * Tells the first time that a session opens the server of somebody else. Called for every carried request: what is its
 * owner's own is out at once, and of the others all but the first cost two look-ups.
 */
export function createVisits(
  events: Events,
): (plan: HopPlan, req: Asked, exchange: Pick<Exchange, 'requestId'>) => void {
  const seen = new Map<string, Set<string>>();

  function isFirst(sessionId: string, prefix: string): boolean {
    const those = seen.get(sessionId);
    if (those?.has(prefix) === true) return false;
    if (those !== undefined) those.add(prefix);
    else {
      seen.set(sessionId, new Set([prefix]));
      if (seen.size > maxSessions) seen.delete(seen.keys().next().value!);
    }
    return true;
  }

  return ({ access, route, identity }, req, { requestId }) => {
    if (access.level === 'owner' || route.target.kind !== 'server') return;
    if (!isFirst(identity.sessionId, route.prefix)) return;
    const { level, reason } = access;
    const from = clientOf(req).address;
    events.emit('visit', { account: identity.account.name, target: route.target, level, reason, requestId, from });
  };
}
