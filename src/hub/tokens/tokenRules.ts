import { GatewayError } from '../../errors.ts';
import type { Account } from '../../access/types.ts';
import type { Principal } from '../principals.ts';
import { expandScopes, scopeFault } from '../scopes/expand.ts';
import { formatScopes, intersectScopes, parseScopes } from '../scopes/scopeSet.ts';
import type { GroupsOf, ScopeSet } from '../scopes/scopeSet.ts';

/** Who makes a token for whom. */
export interface TokenMaking {
  maker: Principal;
  owner: Account;
  /** All that the owner may. */
  ownerScopes: ScopeSet;
  groupsOf: GroupsOf;
}

/**
 * The scopes that a new token gets. It can never do more than its owner, nor (unlike in JupyterHub) more than whoever
 * makes it: a narrow token cannot make itself a wide one, nor an admin a way around the site's rules of access.
 */
export function grantedScopes(making: TokenMaking, asked: readonly string[] | undefined): string[] {
  const { maker, owner, ownerScopes, groupsOf } = making;
  const own = maker.kind === 'user' && maker.name === owner.name;
  for (const scope of asked ?? []) {
    const fault = scopeFault(scope);
    if (fault !== undefined) throw refused(fault);
  }
  const wide = asked === undefined || asked.includes('inherit');
  const limit = own && maker.full ? ownerScopes : intersectScopes(maker.scopes, ownerScopes, groupsOf);
  if (wide && own && maker.full) return ['inherit'];
  const most = formatScopes(limit);
  if (wide) return most.join() === formatScopes(ownerScopes).join() ? ['inherit'] : most;
  const wanted = parseScopes(expandScopes(asked, { user: owner.name }));
  const granted = new Set(formatScopes(intersectScopes(wanted, limit, groupsOf)));
  if (formatScopes(wanted).some((scope) => !granted.has(scope))) throw refused('some are not held');
  return [...asked];
}

function refused(why: string): GatewayError {
  return new GatewayError('request.invalid', {
    message: `These scopes cannot be given to a token: ${why}.`,
    fields: { scopes: why },
  });
}
