import { bestShare, decideAccess, decideStart } from './decide.ts';
import type { AccessRules, SitePolicy } from './decide.ts';
import type { AccessDecision, Account, Identity, Share, Target } from './types.ts';

/** What the decisions of a site are made from. `shares` and `onChange` come from the store. */
export interface SiteAccessParts {
  policy: SitePolicy;
  adminAccess: boolean;
  everyoneMayStart?: boolean;
  shares(): Iterable<Share>;
  /** Tells when `shares` has changed. */
  onChange(listener: () => void): void;
  serviceGroups?: AccessRules['serviceGroups'];
  /** Milliseconds since 1970. */
  now(): number;
}

type ServerTarget = Extract<Target, { kind: 'server' }>;

/** The decisions of one site. Called, it says whether somebody may open a target. */
export interface SiteAccess {
  (who: Identity, target: Target): AccessDecision;
  mayStart(who: Identity, target: ServerTarget): AccessDecision;
  /** What shares alone give an account on a server of somebody else. */
  shareOf(account: Account, target: { owner: string; name: string }): Share | undefined;
}

/** The decisions with the site's rules, its shares indexed by server: none grows with the number of shares. */
export function createSiteAccess(parts: SiteAccessParts): SiteAccess {
  let index = indexShares(parts.shares());
  parts.onChange(() => {
    index = indexShares(parts.shares());
  });
  const { policy, adminAccess, everyoneMayStart = false, serviceGroups } = parts;
  const sharesOf = (owner: string, server: string): readonly Share[] => index.get(`${owner}/${server}`) ?? [];
  const fixed = {
    policy,
    adminAccess,
    everyoneMayStart,
    sharesOf,
    ...(serviceGroups === undefined ? {} : { serviceGroups }),
  };
  const rules = () => ({ ...fixed, now: parts.now() });
  return Object.assign((who: Identity, target: Target) => decideAccess(who, target, rules()), {
    mayStart: (who: Identity, target: ServerTarget) => decideStart(who, target, rules()),
    shareOf: (account: Account, target: { owner: string; name: string }) => bestShare(account, target, rules()),
  });
}

function indexShares(shares: Iterable<Share>): Map<string, Share[]> {
  const index = new Map<string, Share[]>();
  for (const share of shares) {
    const key = `${share.owner}/${share.server}`;
    const known = index.get(key);
    if (known === undefined) index.set(key, [share]);
    else known.push(share);
  }
  return index;
}
