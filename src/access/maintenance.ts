import type { Account } from './types.ts';

/** What an announcement of `admin.json` says of a time of maintenance. */
export interface Maintenance {
  text: string;
  /** ISO time, or null for no end. */
  from: string | null;
  until: string | null;
  maintenance?: Closure | undefined;
}

/** Who may be here all the same, and whether running servers stay open to the others. */
export interface Closure {
  /** Accounts, and groups with their origin as prefix. Admins always may. */
  allow: readonly string[];
  servers: 'open' | 'closed';
}

/** What somebody wants: our own pages, API and sign-in, or a running server or service. */
export type Wanted = 'pages' | 'servers';

/** The announcement that keeps this account out now, if one does. `now` in ms since 1970. */
export function closedBy<M extends Maintenance>(
  announcements: Iterable<M>,
  { account, wanted, now }: { account: Account; wanted: Wanted; now: number },
): M | undefined {
  for (const one of announcements) {
    const { maintenance: closure, from, until } = one;
    if (closure === undefined || (wanted === 'servers' && closure.servers === 'open')) continue;
    const isOver = (from !== null && Date.parse(from) > now) || (until !== null && Date.parse(until) <= now);
    if (!isOver && !isLetIn(account, closure)) return one;
  }
  return undefined;
}

function isLetIn({ admin, name, groups }: Account, { allow }: Closure): boolean {
  return admin || allow.includes(name) || groups.some((group) => allow.includes(group));
}
