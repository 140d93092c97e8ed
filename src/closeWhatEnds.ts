import type { Target } from './access/types.ts';
import type { Hub } from './hub/createHub.ts';
import type { Sessions } from './identity/sessions.ts';
import type { Hop, RouteTable } from './proxy/types.ts';
import type { AdminData } from './store/schema.ts';
import type { StoreDocument } from './store/types.ts';
import type { Logger } from './telemetry/log.ts';

/** Close codes of WebSockets (RFC 6455, 7.4; 4000 to 4999 are ours). */
const signedOut = 4401;
const revoked = 4403;
const goingAway = 1001;

/** Open connections end with what they stood on: the server, the sign-in, the token, the account. A renewed sign-in carries them on. */
export function closeWhatEnds(parts: {
  routes: Pick<RouteTable, 'onChange'>;
  hop: Pick<Hop, 'connections' | 'release'>;
  sessions: Pick<Sessions, 'onEnd' | 'onRenew' | 'onGroups'>;
  hub: Pick<Hub, 'contract' | 'onTokensEnd' | 'know'>;
  admin: StoreDocument<AdminData>;
  log: Logger;
}): void {
  const { routes, hop, sessions, hub, admin, log } = parts;
  routes.onChange((route, state) => {
    if (state !== 'closed') return;
    hop.release(route.upstream);
    const { target } = route;
    hop.connections.closeWhere((open) => sameTarget(open.target, target), goingAway, 'server stopped');
  });
  sessions.onEnd((end) => {
    hop.connections.closeWhere((open) => open.sessionId === end.sessionId, signedOut, 'signed out');
    hub.contract
      .forgetSession(end.sessionId)
      .catch((error: unknown) => log.error({ err: error }, 'tokens not revoked'));
  });
  sessions.onRenew((sessionId, expiresAt) => {
    for (const via of ['cookie', 'header'] as const) hop.connections.prolong({ sessionId, via, expiresAt });
  });
  sessions.onGroups(({ account }) => hub.know(account));
  hub.onTokensEnd((ids) => {
    hop.connections.closeWhere((open) => ids.has(open.sessionId), revoked, 'token revoked');
  });
  admin.onChange(() => {
    const blocked = (name: string): boolean => admin.data.accounts[name]?.blocked === true;
    hop.connections.closeWhere((open) => blocked(open.account), revoked, 'account blocked');
  });
}

function sameTarget(one: Target, other: Target): boolean {
  if (one.kind !== other.kind || one.name !== other.name) return false;
  return one.kind === 'service' || (other.kind === 'server' && one.owner === other.owner);
}
