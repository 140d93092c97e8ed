import { decideAccess } from './decide.ts';
import type { AccessRules, SitePolicy } from './decide.ts';
import type { AccessDecision, Identity, Share, Target } from './types.ts';

/** What the decisions of a site are made from. `shares` and `onChange` come from the store. */
export interface SiteAccessParts {
  policy: SitePolicy;
  adminAccess: boolean;
  shares(): Iterable<Share>;
  /** Tells when `shares` has changed. */
  onChange(listener: () => void): void;
  serviceGroups?: AccessRules['serviceGroups'];
  /** Milliseconds since 1970. */
  now(): number;
}

/** `decideAccess` with the site's rules, its shares indexed by server: a decision does not grow with their number. */
export function createSiteAccess(parts: SiteAccessParts): (who: Identity, target: Target) => AccessDecision {
  let index = indexShares(parts.shares());
  parts.onChange(() => {
    index = indexShares(parts.shares());
  });
  const { policy, adminAccess, serviceGroups } = parts;
  const sharesOf = (owner: string, server: string): readonly Share[] => index.get(`${owner}/${server}`) ?? [];
  const fixed = { policy, adminAccess, sharesOf, ...(serviceGroups === undefined ? {} : { serviceGroups }) };
  return (who, target) => decideAccess(who, target, { ...fixed, now: parts.now() });
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
