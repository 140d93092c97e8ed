import type { AccessDecision, Account, Identity, Target } from '../access/types.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { AccountCache } from './accountCache.ts';
import { serverOfClient } from './clientId.ts';
import type { Token, Tokens } from './tokens/createTokens.ts';

/** A token and whose it is. */
export interface Bearer {
  record: Token;
  account: Account;
  /** What the token may do now: a share that was revoked takes its scope along. */
  scopes: readonly string[];
}

export interface PrincipalDeps {
  tokens: Tokens;
  accounts: AccountCache;
  store: Store<AdminData, StateData>;
  access: (identity: Identity, target: Target) => AccessDecision;
}

/** From memory, at once; undefined for a token that is unknown, expired, or of a blocked or vanished account. */
export function resolveBearer(deps: PrincipalDeps, token: string): Bearer | undefined {
  const record = deps.tokens.find(token);
  if (record === undefined || record.kind === 'service') return undefined;
  const account = deps.accounts.get(record.owner);
  if (account === undefined || deps.store.admin.data.accounts[record.owner]?.blocked === true) return undefined;
  return { record, account, scopes: scopesNow(deps, record, account) };
}

export function toIdentity(bearer: Bearer): Identity {
  const { record, account, scopes } = bearer;
  return {
    account,
    sessionId: record.sessionId ?? record.id,
    issuer: 'hub',
    expiresAt: record.expiresAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(record.expiresAt),
    via: 'hub-token',
    scopes,
  };
}

/** The access scope of a visitor's token is only as good as the visitor's access is now. */
function scopesNow(deps: PrincipalDeps, record: Token, account: Account): readonly string[] {
  const key = record.kind === 'oauth' && record.clientId !== null ? serverOfClient(record.clientId) : undefined;
  if (key === undefined) return record.scopes;
  const identity = toIdentity({ record, account, scopes: record.scopes });
  if (deps.access(identity, { kind: 'server', ...key }).allowed) return record.scopes;
  return record.scopes.filter((scope) => !scope.startsWith('access:'));
}
