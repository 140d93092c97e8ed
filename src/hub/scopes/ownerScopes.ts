import type { SiteAccess } from '../../access/siteAccess.ts';
import type { AccessDecision, Account, Identity, Target } from '../../access/types.ts';
import type { Clock } from '../../clock.ts';
import type { AdminData, StateData } from '../../store/schema.ts';
import type { Store } from '../../store/types.ts';
import type { HubService } from '../types.ts';
import { adminScopes } from './definitions.ts';
import { expandScopes } from './expand.ts';
import { parseScopes } from './scopeSet.ts';
import type { ScopeSet } from './scopeSet.ts';

export interface OwnerScopesDeps {
  store: Store<AdminData, StateData>;
  clock: Clock;
  access: (identity: Identity, target: Target) => AccessDecision;
  /** Whether every server is open to this account, whoever owns it (site policy; admins where the site lets them). */
  opensAll: (account: Account) => boolean;
  /** Whether everybody may start everybody's server (site policy). */
  startsAll: boolean;
  mayStart: SiteAccess['mayStart'];
  services: () => readonly HubService[];
}

/** Shares end by the clock too: what was worked out is good for so long, ms. */
const freshMs = 1000;

/** All that a person may: their own, what is shared with them, and an admin's role. Follows the store at once. */
export function createOwnerScopes(deps: OwnerScopesDeps): { of(account: Account): ScopeSet; close(): void } {
  const cache = new Map<string, { account: Account; scopes: ScopeSet; atMs: number }>();
  const close = deps.store.admin.onChange(() => cache.clear());
  return {
    of(account) {
      const known = cache.get(account.name);
      if (known !== undefined && known.account === account && deps.clock.now() - known.atMs < freshMs)
        return known.scopes;
      const scopes = parseScopes([...roleScopes(account), ...openScopes(deps, account)]);
      if (cache.size > 1000) cache.clear();
      cache.set(account.name, { account, scopes, atMs: deps.clock.now() });
      return scopes;
    },
    close,
  };
}

function roleScopes(account: Account): string[] {
  const own = expandScopes(['self'], { user: account.name });
  // Who has no account on the system can run no server.
  const mine = account.visitor === true ? own.filter((scope) => !/^(?:(?:start|delete):)?servers!/.test(scope)) : own;
  return account.admin ? [...mine, ...expandScopes(adminScopes, { user: account.name })] : mine;
}

/** Scopes of access come from the gateway's decision, never from a role: what the gate refuses no token may claim. */
function openScopes(deps: OwnerScopesDeps, account: Account): string[] {
  const identity = {
    account,
    sessionId: '',
    issuer: 'hub',
    expiresAt: Number.MAX_SAFE_INTEGER,
    via: 'hub-token',
  } as const;
  const may = (target: Target): boolean => deps.access(identity, target).allowed;
  const services = deps
    .services()
    .filter(({ name }) => may({ kind: 'service', name }))
    .map(({ name }) => `access:services!service=${name}`);
  const shared = Object.values(deps.store.admin.data.shares)
    .filter(({ owner }) => owner !== account.name)
    .map(({ owner, server }) => ({ kind: 'server', owner, name: server }) as const);
  const scopesOf = (scope: string, servers: typeof shared): string[] =>
    servers.map(({ owner, name }) => `${scope}!server=${owner}/${name}`);
  const opened = deps.opensAll(account) ? ['access:servers'] : scopesOf('access:servers', shared.filter(may));
  const startable = shared.filter((target) => deps.mayStart(identity, target).allowed);
  const started = deps.startsAll ? ['start:servers'] : scopesOf('start:servers', startable);
  return [...opened, ...started, ...services];
}
