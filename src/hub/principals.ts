import type { Account, Identity, Target } from '../access/types.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { AccountCache } from './accountCache.ts';
import { clientIdOfTarget, serverOfClient, serviceOfClient } from './clientId.ts';
import { toHubGroup } from './groupNames.ts';
import { adminScopes } from './scopes/definitions.ts';
import { expandScopes } from './scopes/expand.ts';
import type { ScopeOwner } from './scopes/expand.ts';
import { formatScopes, intersectScopes, parseScopes } from './scopes/scopeSet.ts';
import type { GroupsOf, ScopeSet } from './scopes/scopeSet.ts';
import type { Token, Tokens } from './tokens/createTokens.ts';
import type { DerivedTokens } from './tokens/derivedTokens.ts';
import type { HubService } from './types.ts';

/** Who calls the Hub: a person or a service, by a token of ours, a signed-in browser, or a token of an issuer. */
export interface Principal {
  kind: 'user' | 'service';
  name: string;
  /** Of a person. */
  account: Account | undefined;
  admin: boolean;
  /** The Hub token of the call. */
  record: Token | undefined;
  sessionId: string | null;
  /** What the call may do now: a share that was ended takes its scope along. */
  scopes: ScopeSet;
  /** May do all that its owner may: a sign-in, or a token with the scope `inherit`. */
  full: boolean;
}

export interface PrincipalDeps {
  tokens: Pick<Tokens, 'find' | 'get'>;
  derived: Pick<DerivedTokens, 'read'>;
  accounts: AccountCache;
  store: Store<AdminData, StateData>;
  ownerScopes: (account: Account) => ScopeSet;
  services: () => readonly HubService[];
  /** Whether the gate lets them in now: with all that they may, or with these scopes alone. */
  mayOpen: (account: Account, target: Target, scopes?: readonly string[]) => boolean;
}

export interface Principals {
  /** From memory, at once; undefined for a token that is unknown, expired, or of a blocked or vanished owner. */
  ofToken(token: string): Principal | undefined;
  ofIdentity(identity: Identity): Principal;
  /** What the gate and the hop are told of a person's token; undefined for a service's. */
  toIdentity(principal: Principal): Identity | undefined;
  /** What this token may do now, as texts. */
  scopesOf(record: Token): string[];
  groupsOf: GroupsOf;
}

export function createPrincipals(deps: PrincipalDeps): Principals {
  const groupsOf: GroupsOf = (user) => (deps.accounts.get(user)?.groups ?? []).map(toHubGroup);
  const isBlocked = (name: string): boolean => deps.store.admin.data.accounts[name]?.blocked === true;

  function ofToken(token: string): Principal | undefined {
    const record = deps.tokens.find(token);
    if (record !== undefined) return ofRecord(record);
    const derived = deps.derived.read(token);
    const parent = derived && deps.tokens.get(derived.parentId);
    return parent && ofDerived(parent, derived.target);
  }

  /** Opens one target, if the token that it was derived from does so now, and says whose it is. */
  function ofDerived(parent: Token, target: Target): Principal | undefined {
    const whole = ofRecord(parent);
    if (whole?.account === undefined) return undefined;
    const open = deps.mayOpen(whole.account, target, toIdentity(whole)?.scopes);
    const scopes = [...(open ? [accessScope(target)] : []), ...identifyScopes];
    const record = { ...parent, kind: 'oauth' as const, clientId: clientIdOfTarget(target), scopes };
    return { ...whole, record, scopes: parseScopes(expandScopes(scopes, scopeOwner(record))), full: false };
  }

  function ofRecord(record: Token): Principal | undefined {
    if (record.kind === 'service') return ofService(record);
    // A share code is good for its share alone.
    if (record.kind === 'share') return undefined;
    const account = deps.accounts.get(record.owner);
    if (account === undefined || isBlocked(record.owner)) return undefined;
    const full = record.scopes.includes('inherit');
    const own = deps.ownerScopes(account);
    const scopes = full ? own : narrowed(record, account, own);
    const { sessionId } = record;
    return { kind: 'user', name: account.name, account, admin: account.admin, record, sessionId, scopes, full };
  }

  /** The token's scopes as far as its owner has them; access to its own client as far as the gate grants it now. */
  function narrowed(record: Token, account: Account, own: ScopeSet): ScopeSet {
    const target = clientTarget(record);
    const open = target !== undefined && deps.mayOpen(account, target);
    const has = open ? parseScopes([...formatScopes(own), accessScope(target)]) : own;
    const held = expandScopes([...record.scopes, ...identifyScopes], scopeOwner(record));
    const scopes = intersectScopes(parseScopes(held), has, groupsOf);
    return target === undefined || open ? scopes : withoutAccess(scopes);
  }

  function toIdentity({ account, record, scopes }: Principal): Identity | undefined {
    if (account === undefined || record === undefined) return undefined;
    return {
      account,
      sessionId: record.sessionId ?? record.id,
      issuer: 'hub',
      expiresAt: record.expiresAt === null ? Number.MAX_SAFE_INTEGER : Date.parse(record.expiresAt),
      via: 'hub-token',
      scopes: spelledOut(formatScopes(scopes), deps, groupsOf),
    };
  }

  function ofService(record: Token): Principal | undefined {
    const service = deps.services().find(({ name }) => name === record.owner);
    if (service === undefined) return undefined;
    const owner = { service: service.name };
    const role = service.admin ? [...adminScopes, ...service.scopes] : service.scopes;
    const own = parseScopes(expandScopes(role, owner));
    const full = record.scopes.includes('inherit');
    const scopes = full ? own : intersectScopes(parseScopes(expandScopes(record.scopes, owner)), own, groupsOf);
    const { name, admin } = service;
    return { kind: 'service', name, account: undefined, admin, record, sessionId: null, scopes, full };
  }

  return {
    ofToken,
    groupsOf,
    scopesOf(record) {
      const principal = ofRecord(record);
      return principal === undefined ? [] : formatScopes(principal.scopes);
    },
    ofIdentity({ account, sessionId, scopes }) {
      const own = deps.ownerScopes(account);
      const limited = scopes === undefined ? own : intersectScopes(parseScopes(scopes), own, groupsOf);
      const full = scopes === undefined;
      const { name, admin } = account;
      return { kind: 'user', name, account, admin, record: undefined, sessionId, scopes: limited, full };
    },
    toIdentity,
  };
}

/** Every person's token may say whose it is. */
const identifyScopes = ['read:users:name!user', 'read:users:groups!user'];

export function accessScope(target: Target): string {
  return target.kind === 'server'
    ? `access:servers!server=${target.owner}/${target.name}`
    : `access:services!service=${target.name}`;
}

/** What a token's OAuth client leads to. */
function clientTarget(record: Token): Target | undefined {
  if (record.kind !== 'oauth' || record.clientId === null) return undefined;
  const key = serverOfClient(record.clientId);
  if (key !== undefined) return { kind: 'server', ...key };
  const service = serviceOfClient(record.clientId);
  return service === undefined ? undefined : { kind: 'service', name: service };
}

function scopeOwner(record: Token): ScopeOwner {
  const key = record.clientId === null ? undefined : serverOfClient(record.clientId);
  return { user: record.owner, ...(key === undefined ? {} : { server: `${key.owner}/${key.name}` }) };
}

function withoutAccess(scopes: ScopeSet): ScopeSet {
  return new Map([...scopes].filter(([name]) => !name.startsWith('access:')));
}

/** UI servers and the gate do not look up groups: access by a group filter is spelled out for the owners of servers. */
function spelledOut(scopes: string[], deps: PrincipalDeps, groupsOf: GroupsOf): string[] {
  if (!scopes.some((scope) => scope.startsWith('access:servers!group='))) return scopes;
  const owners = new Set(Object.values(deps.store.state.data.servers).map(({ owner }) => owner));
  return scopes.flatMap((scope) => {
    const group = /^access:servers!group=(.+)$/.exec(scope)?.[1];
    if (group === undefined) return [scope];
    const members = [...owners].filter((owner) => groupsOf(owner).includes(group));
    return [scope, ...members.map((owner) => `access:servers!user=${owner}`)];
  });
}
