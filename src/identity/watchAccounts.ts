import type { AdminData } from '../store/schema.ts';
import type { StoreDocument } from '../store/types.ts';
import type { Accounts } from './accounts.ts';
import type { Sessions } from './sessions.ts';

/**
 * Ends the sessions of an account that an edit of `accounts` leaves without the right to be here: not listed any more,
 * or pinned to another uid. (Blocked ones are the sessions' own business.) Returns the function that ends the watch.
 */
export function watchAccounts(parts: {
  admin: StoreDocument<AdminData>;
  accounts: Accounts;
  sessions: Sessions;
  /** Closes what is open for the account, which sessions do not cover: programs with tokens. */
  closeAll: (account: string) => void;
  log: { warn(fields: object, message: string): void };
}): () => void {
  const { accounts, sessions, closeAll, log } = parts;

  async function check(name: string): Promise<void> {
    const found = await accounts.lookup(name);
    if (found.ok) return;
    closeAll(name);
    const ended = await sessions.revokeAll(name, 'admin.json');
    if (ended > 0) log.warn({ account: name, ended, reason: found.reason }, 'signed out: no account here any more');
  }

  return parts.admin.onChange(({ changes }) => {
    for (const { map, key } of changes)
      if (map === 'accounts')
        check(key).catch((err: unknown) => log.warn({ err, account: key }, 'account not checked'));
  });
}
