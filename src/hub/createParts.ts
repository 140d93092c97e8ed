import type { Account, Identity, Target } from '../access/types.ts';
import { createAccountCache } from './accountCache.ts';
import type { HubDeps } from './hubDeps.ts';
import { createCodes } from './oauth/codes.ts';
import { createPrincipals } from './principals.ts';
import { createOwnerScopes } from './scopes/ownerScopes.ts';
import { createDerivedTokens } from './tokens/derivedTokens.ts';
import { createTokens } from './tokens/createTokens.ts';
import type { HubService } from './types.ts';

/** Tokens, whose they are, and what they may do. */
export function createParts(deps: HubDeps) {
  const { store, clock, access } = deps;
  const { policy, adminAccess, adminGroups, everyoneMayStart } = deps.config.access;
  const tokens = createTokens({ store, clock });
  const accounts = createAccountCache({ accounts: deps.accounts, clock, adminGroups });
  let services: () => readonly HubService[] = () => [];
  const listServices = (): readonly HubService[] => services();
  const opensAll = (account: Account): boolean => policy === 'everyone' || (account.admin && adminAccess);
  const ownerScopes = createOwnerScopes({
    store,
    clock,
    access,
    opensAll,
    startsAll: policy === 'everyone' && everyoneMayStart,
    mayStart: deps.mayStart ?? (() => ({ allowed: false, reason: 'starts are not shared here' })),
    services: listServices,
  });
  const mayOpen = (account: Account, target: Target, scopes?: readonly string[]): boolean =>
    access(toVisitor(account, scopes), target).allowed;
  const derived = createDerivedTokens();
  const principals = createPrincipals({
    tokens,
    derived,
    accounts,
    store,
    mayOpen,
    ownerScopes: (account) => ownerScopes.of(account),
    services: listServices,
  });
  return {
    tokens,
    derived,
    accounts,
    ownerScopes,
    mayOpen,
    principals,
    services: listServices,
    attachServices: (list: () => readonly HubService[]) => void (services = list),
    codes: createCodes({ clock }),
    /** When a server last called, ms since 1970, by client id. */
    contacts: new Map<string, number>(),
  };
}

/** The account as the gate sees it where only what it may open is asked. */
function toVisitor(account: Account, scopes?: readonly string[]): Identity {
  const limit = scopes === undefined ? {} : { scopes };
  return { account, sessionId: '', issuer: 'hub', expiresAt: Number.MAX_SAFE_INTEGER, via: 'hub-token', ...limit };
}
