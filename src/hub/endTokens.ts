import type { Account, Target } from '../access/types.ts';
import type { Servers } from '../servers/types.ts';
import type { AdminData } from '../store/schema.ts';
import type { RecordChange } from '../store/draft.ts';
import type { StoreDocument } from '../store/types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { AccountCache } from './accountCache.ts';
import { serverOfClient } from './clientId.ts';
import type { Token, Tokens } from './tokens/createTokens.ts';
import type { HubContract } from './types.ts';

export interface EndParts {
  servers: Pick<Servers, 'onChange'>;
  admin: StoreDocument<AdminData>;
  tokens: Tokens;
  accounts: AccountCache;
  mayOpen: (account: Account, target: Target) => boolean;
  contract: HubContract;
  log: Logger;
}

/**
 * Tokens die with their server, and those of visitors with the share (or role) that let them in. Returns the function
 * that ends the watch.
 */
export function endTokens(parts: EndParts): () => void {
  const failed = (error: unknown): void => parts.log.error({ err: error }, 'tokens could not be revoked');
  const stopServers = parts.servers.onChange((view) => {
    if (view.phase === 'stopped' || view.phase === 'failed') parts.contract.forget(view).catch(failed);
  });
  const stopAdmin = parts.admin.onChange(({ changes }) => {
    const people = new Set(changes.flatMap(peopleIn));
    if (people.size === 0 && !changes.some(({ map, before }) => before !== undefined && map === 'shares')) return;
    readAgain(parts, people)
      .then(() => endVisits(parts))
      .catch(failed);
  });
  return () => {
    stopServers();
    stopAdmin();
  };
}

/** Who is no admin, or in a group, any more must not go on by what was known of them when the token was last used. */
async function readAgain({ tokens, accounts }: EndParts, people: ReadonlySet<string>): Promise<void> {
  const holders = new Set(tokens.list(({ kind }) => kind !== 'service').map(({ owner }) => owner));
  await accounts.reload([...people].filter((name) => holders.has(name)));
}

function peopleIn({ map, key, before, after }: RecordChange): string[] {
  if (map === 'accounts') return [key];
  if (map !== 'groups') return [];
  return [before, after].flatMap((group) => (group as AdminData['groups'][string] | undefined)?.members ?? []);
}

/** Revokes visitors' tokens for servers that they may no longer open. */
export function endVisits({ tokens, accounts, mayOpen, log }: Omit<EndParts, 'servers' | 'admin' | 'contract'>): void {
  const isOver = (record: Token): boolean => {
    const key = record.kind === 'oauth' && record.clientId !== null ? serverOfClient(record.clientId) : undefined;
    const account = accounts.get(record.owner);
    return key !== undefined && account !== undefined && !mayOpen(account, { kind: 'server', ...key });
  };
  if (tokens.list(isOver).length === 0) return;
  tokens.revokeWhere(isOver).catch((error: unknown) => log.error({ err: error }, 'tokens could not be revoked'));
}
