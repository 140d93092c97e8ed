import type { Account } from '../../access/types.ts';
import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Principal, Principals } from '../principals.ts';
import type { ScopeSet } from '../scopes/scopeSet.ts';
import type { Token, Tokens } from './createTokens.ts';
import { grantedScopes } from './tokenRules.ts';

export interface IssueDeps {
  tokens: Tokens;
  principals: Pick<Principals, 'groupsOf'>;
  ownerScopes: (account: Account) => ScopeSet;
  clock: Clock;
  log: Logger;
  /** Longest lifetime; undefined for any, s. */
  tokenMaxLifetimeS: number | undefined;
}

export interface TokenWish {
  maker: Principal;
  owner: Account;
  note: string;
  /** Undefined for the longest that is allowed. */
  lifetimeS: number | undefined;
  /** Undefined for all that the owner may. */
  scopes: readonly string[] | undefined;
}

/** A token for programs: the one way to it, from page and API. Throws `request.invalid`. */
export async function issueUserToken(deps: IssueDeps, wish: TokenWish): Promise<{ token: string; record: Token }> {
  const { maker, owner, note } = wish;
  const ownerScopes = deps.ownerScopes(owner);
  const scopes = grantedScopes({ maker, owner, ownerScopes, groupsOf: deps.principals.groupsOf }, wish.scopes);
  const expiresAt = expiry(deps, wish.lifetimeS);
  const end = expiresAt === undefined ? {} : { expiresAt };
  const issued = await deps.tokens.issue({ kind: 'user', owner: owner.name, scopes, note, ...end });
  const { id, expiresAt: until } = issued.record;
  deps.log.info({ owner: owner.name, tokenId: id, scopes, expiresAt: until, by: maker.name }, 'token made');
  return issued;
}

/** ms since 1970; undefined for no end. */
function expiry(deps: IssueDeps, seconds: number | undefined): number | undefined {
  const most = deps.tokenMaxLifetimeS;
  if (seconds !== undefined && most !== undefined && seconds > most) {
    const fault = `must not exceed ${most} seconds`;
    throw new GatewayError('request.invalid', { message: `token expires_in ${fault}`, fields: { expires_in: fault } });
  }
  const lifetimeS = seconds ?? most;
  return lifetimeS === undefined ? undefined : deps.clock.now() + lifetimeS * 1000;
}
