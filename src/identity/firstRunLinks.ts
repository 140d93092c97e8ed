import type { Account } from '../access/types.ts';
import type { Accounts } from './accounts.ts';

/** A one-time sign-in link for the terminal. */
export interface PrintedLink {
  account: string;
  url: string;
  kind: 'owner' | 'guest' | 'account';
  warning?: string;
}

/**
 * Who gets a link: the user who started the gateway, and a guest. Behind sudo that is the user who called it; other
 * accounts of the machine have not asked for one.
 */
export async function firstRunLinks(parts: {
  accounts: Accounts;
  issue: (account: string) => string;
  /** `SUDO_USER` of the environment. */
  sudoUser?: string | undefined;
  log: { warn(fields: object, message: string): void };
}): Promise<PrintedLink[]> {
  const { accounts, issue } = parts;
  const caller = await callerOf(parts);
  const own = caller === undefined ? ownerLink(await accounts.owner(), issue) : linkOf(caller, 'account', issue);
  return [own, linkOf(await accounts.guest(), 'guest', issue)];
}

function linkOf(
  { name }: { name: string },
  kind: PrintedLink['kind'],
  issue: (account: string) => string,
): PrintedLink {
  return { account: name, url: issue(name), kind };
}

/** Only root's word counts: anybody else may have set the variable. */
async function callerOf({
  accounts,
  sudoUser,
  log,
}: Parameters<typeof firstRunLinks>[0]): Promise<Account | undefined> {
  if (sudoUser === undefined || (await accounts.owner()).uid !== 0) return undefined;
  return accounts.find(sudoUser).catch((err: unknown) => {
    log.warn({ err, account: sudoUser }, 'no sign-in link for this account: the system could not be asked about it');
    return undefined;
  });
}

function ownerLink({ name, uid }: { name: string; uid: number }, issue: (account: string) => string): PrintedLink {
  const link = { account: name, url: issue(name), kind: 'owner' } as const;
  const warning = 'This is root: whoever uses this link can do anything on this machine. For trying out only.';
  return uid === 0 ? { ...link, warning } : link;
}
