import type { Accounts } from './accounts.ts';

/** A one-time sign-in link for the terminal. */
export interface PrintedLink {
  account: string;
  url: string;
  kind: 'owner' | 'guest' | 'account';
  warning?: string;
}

const maxAccounts = 20;

/**
 * Who gets a link: the user who started the gateway, and a guest. Started by root, the ordinary accounts of the machine
 * instead, and root only where there are none.
 */
export async function firstRunLinks(parts: {
  accounts: Accounts;
  issue: (account: string) => string;
  log: { warn(fields: object, message: string): void };
}): Promise<PrintedLink[]> {
  const { accounts, issue, log } = parts;
  const onFault = (account: string, err: unknown): void =>
    log.warn({ err, account }, 'no sign-in link for this account: the system could not be asked about it');
  const owner = await accounts.owner();
  const others = owner.uid === 0 ? await accounts.ordinary(maxAccounts, onFault) : [];
  const people: PrintedLink[] = others.map(({ name }) => ({ account: name, url: issue(name), kind: 'account' }));
  if (people.length === 0) people.push(ownerLink(owner, issue));
  const guest = await accounts.guest();
  return [...people, { account: guest.name, url: issue(guest.name), kind: 'guest' }];
}

function ownerLink({ name, uid }: { name: string; uid: number }, issue: (account: string) => string): PrintedLink {
  const link = { account: name, url: issue(name), kind: 'owner' } as const;
  const warning = 'This is root: whoever uses this link can do anything on this machine. For trying out only.';
  return uid === 0 ? { ...link, warning } : link;
}
