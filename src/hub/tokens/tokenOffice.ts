import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../errors.ts';
import type { Logger } from '../../telemetry/log.ts';
import { scopeFault } from '../scopes/expand.ts';
import type { TokenEntry, TokenOffice, TokenOrder } from '../types.ts';
import type { Token, Tokens } from './createTokens.ts';
import { hashToken } from './tokenText.ts';

export interface TokenOfficeParts {
  tokens: Tokens;
  /** Whether this person has an account. A running gateway remembers it: a token is looked up without asking again. */
  know: (account: string) => Promise<boolean>;
  clock: Clock;
  log: Logger;
  /** s */
  tokenMaxLifetimeS: number | undefined;
}

const by = 'command line';

/**
 * Whoever runs the gateway could write the records by hand, so nothing is asked of them but that it makes sense. What a
 * token may do is bounded by its owner's rights at the time of each call, not by whoever made it.
 */
export function createTokenOffice(parts: TokenOfficeParts): TokenOffice {
  const { tokens, clock, log } = parts;
  return {
    list: () =>
      tokens
        .list(() => true)
        .map(toEntry)
        .sort((a, b) => a.owner.localeCompare(b.owner) || a.createdAt.localeCompare(b.createdAt)),
    async make(order) {
      await assertSound(order, parts);
      const { owner, note, lifetimeS = parts.tokenMaxLifetimeS } = order;
      const end = lifetimeS === undefined ? {} : { expiresAt: clock.now() + lifetimeS * 1000 };
      const scopes = order.scopes ?? ['inherit'];
      const { token, record } = await tokens.issue({ kind: 'user', owner, scopes, note, ...end });
      log.info({ owner, tokenId: record.id, scopes, expiresAt: record.expiresAt, by }, 'token made');
      return { token, entry: toEntry(record) };
    },
    async revoke(which) {
      const hash = 'token' in which ? hashToken(which.token) : undefined;
      const isIt = (record: Token): boolean => ('id' in which ? record.id === which.id : record.hash === hash);
      const [record] = tokens.list(isIt);
      if (record === undefined) return undefined;
      await tokens.revokeWhere(isIt);
      log.info({ owner: record.owner, tokenId: record.id, by }, 'token revoked');
      return toEntry(record);
    },
  };
}

async function assertSound(order: TokenOrder, parts: TokenOfficeParts): Promise<void> {
  const fields: Record<string, string> = {};
  for (const scope of order.scopes ?? []) {
    const fault = scopeFault(scope);
    if (fault !== undefined) fields['scopes'] = `${scope}: ${fault}`;
  }
  const { lifetimeS } = order;
  const most = parts.tokenMaxLifetimeS ?? Infinity;
  if (lifetimeS !== undefined && !(Number.isSafeInteger(lifetimeS) && lifetimeS > 0)) fields['expires'] = 'is no time';
  else if (lifetimeS !== undefined && lifetimeS > most) fields['expires'] = `is more than the site allows (${most} s)`;
  if (!(await parts.know(order.owner))) fields['owner'] = `${order.owner} is no account here`;
  const faults = Object.entries(fields).map(([field, fault]) => `${field} ${fault}`);
  if (faults.length === 0) return;
  throw new GatewayError('request.invalid', {
    message: `Cannot create this token: ${faults.join('; ')}.`,
    advice: 'Correct what is named. The scopes are in docs/hub-api.md.',
    fields,
  });
}

function toEntry({ id, kind, owner, scopes, note, createdAt, expiresAt, lastUsedAt, clientId }: Token): TokenEntry {
  return { id, kind, owner, scopes, note, createdAt, expiresAt, lastUsedAt, client: clientId };
}
