import type { AccessDecision, Account, Identity, Share, Target } from './types.ts';

/** Who may open whose server when nothing is shared: `owner` (default), or `everyone` (the UI server decides the rest). */
export type SitePolicy = 'owner' | 'everyone';

export interface AccessRules {
  policy: SitePolicy;
  /** Whether an admin may open other people's servers without a share. */
  adminAccess: boolean;
  /** Shares of one server, ended ones included. Asked only where nothing else has decided. */
  sharesOf(owner: string, server: string): readonly Share[];
  /** Whether, under the policy `everyone`, visitors may start each other's servers. */
  everyoneMayStart?: boolean;
  /** Groups that may use a service; absent means every account. */
  serviceGroups?: (service: string) => readonly string[] | undefined;
  /** Milliseconds since 1970. */
  now: number;
}

/** May this person open that target? Deny by default; every answer carries its reason. */
export function decideAccess(who: Identity, target: Target, rules: AccessRules): AccessDecision {
  return target.kind === 'service' ? decideService(who, target.name, rules) : decideServer(who, target, rules);
}

function decideService(who: Identity, name: string, rules: AccessRules): AccessDecision {
  if (!hasScope(who, (scope) => scope === 'access:services' || scope === `access:services!service=${name}`))
    return { allowed: false, reason: 'token lacks the scope access:services' };
  const groups = rules.serviceGroups?.(name);
  if (groups === undefined) return { allowed: true, level: 'control', reason: 'service open to every account' };
  if (who.account.admin) return { allowed: true, level: 'admin', reason: 'admin' };
  const group = groups.find((candidate) => who.account.groups.includes(candidate));
  return group === undefined
    ? { allowed: false, reason: 'in none of the groups of the service' }
    : { allowed: true, level: 'control', reason: `group ${group}` };
}

function decideServer(who: Identity, target: Extract<Target, { kind: 'server' }>, rules: AccessRules): AccessDecision {
  if (!hasScope(who, (scope) => coversServer(scope, target)))
    return { allowed: false, reason: 'token lacks the scope access:servers' };
  if (who.account.name === target.owner) return { allowed: true, level: 'owner', reason: 'owner' };
  const share = bestShare(who.account, target, rules);
  if (share !== undefined) return { allowed: true, level: share.level, reason: `share ${share.id}` };
  if (who.account.admin && rules.adminAccess) return { allowed: true, level: 'admin', reason: 'admin' };
  if (rules.policy === 'everyone') return { allowed: true, level: 'control', reason: 'site policy: everyone' };
  return { allowed: false, reason: 'not the owner, and not shared' };
}

/** May this person start that server? Whoever may start it may also open it. */
export function decideStart(
  who: Identity,
  target: Extract<Target, { kind: 'server' }>,
  rules: AccessRules,
): AccessDecision {
  const open = decideServer(who, target, rules);
  if (!open.allowed || open.level === 'owner' || open.level === 'admin') return open;
  const mine = rules.sharesOf(target.owner, target.name).filter((share) => isFor(share, who.account, rules.now));
  if (mine.some((share) => share.mayStart === true)) return open;
  if (rules.policy === 'everyone' && rules.everyoneMayStart === true) return open;
  return { allowed: false, reason: 'may open it, not start it' };
}

/** The share that gives this account most on that server. */
export function bestShare(
  account: Account,
  target: { owner: string; name: string },
  rules: Pick<AccessRules, 'sharesOf' | 'now'>,
): Share | undefined {
  const mine = rules.sharesOf(target.owner, target.name).filter((share) => isFor(share, account, rules.now));
  return mine.find((share) => share.level === 'control') ?? mine[0];
}

/** Whether a share has not ended and is meant for this account or one of its groups. `now` in ms since 1970. */
export function isFor(share: Share, account: Account, now: number): boolean {
  if (share.expiresAt !== null && !(Date.parse(share.expiresAt) > now)) return false;
  const { kind, name } = share.grantee;
  return kind === 'user' ? name === account.name : account.groups.includes(name);
}

function hasScope(who: Identity, covers: (scope: string) => boolean): boolean {
  return who.scopes === undefined || who.scopes.some(covers);
}

function coversServer(scope: string, target: { owner: string; name: string }): boolean {
  return (
    scope === 'access:servers' ||
    scope === `access:servers!user=${target.owner}` ||
    scope === `access:servers!server=${target.owner}/${target.name}`
  );
}
