import type { Account } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { AccountDirectory } from '../identity/types.ts';

/**
 * Accounts that hold tokens, so that a token is resolved without waiting for the system's user database: a slow answer
 * would freeze the UI server that asks (hub contract, section 8).
 */
export interface AccountCache {
  get(name: string): Account | undefined;
  /** What a sign-in has just proved: it knows more than the directory does (groups from claims). */
  put(account: Account): void;
  load(names: Iterable<string>): Promise<void>;
  /** Reads them again: something about them was changed. */
  reload(names: Iterable<string>): Promise<void>;
  drop(name: string): void;
}

/** An account older than this is read again, in the background. */
const staleAfterMs = 60_000;

export function createAccountCache(deps: {
  accounts: AccountDirectory;
  clock: Clock;
  /** Groups that make an admin; those of claims are known from the sign-in alone. */
  adminGroups?: readonly string[];
}): AccountCache {
  const known = new Map<string, { account: Account; readAt: number }>();
  const put = (account: Account) => void known.set(account.name, { account, readAt: deps.clock.now() });

  async function refresh(name: string): Promise<void> {
    const fresh = await deps.accounts.find(name);
    const old = known.get(name)?.account;
    if (fresh === undefined) known.delete(name);
    else put(old === undefined ? fresh : merged(old, fresh, deps.adminGroups ?? []));
  }

  function get(name: string): Account | undefined {
    const entry = known.get(name);
    if (entry === undefined) return undefined;
    if (deps.clock.now() - entry.readAt > staleAfterMs) {
      entry.readAt = deps.clock.now();
      // A directory that cannot answer now says nothing about the account: the last good one goes on.
      refresh(name).catch(() => undefined);
    }
    return entry.account;
  }

  return {
    get,
    put,
    load: async (names) => {
      await Promise.allSettled([...new Set(names)].filter((name) => !known.has(name)).map(refresh));
    },
    reload: async (names) => {
      await Promise.allSettled([...names].map(refresh));
    },
    drop: (name) => void known.delete(name),
  };
}

/** Groups from claims are known from the sign-in alone; all else is as the directory says now. */
function merged(old: Account, fresh: Account, adminGroups: readonly string[]): Account {
  const claimed = old.groups.filter((group) => group.startsWith('claim:'));
  const admin = fresh.admin || claimed.some((group) => adminGroups.includes(group));
  return { ...fresh, groups: [...new Set([...fresh.groups, ...claimed])], admin };
}
