import type { Account } from '../../access/types.ts';
import type { Principals } from '../principals.ts';
import type { TokenDesk, TokenView } from '../types.ts';
import type { Token } from './createTokens.ts';
import { issueUserToken } from './issueUserToken.ts';
import type { IssueDeps } from './issueUserToken.ts';

/** A person's own tokens, for their page. */
export function createTokenDesk(
  deps: Omit<IssueDeps, 'principals'> & {
    principals: Principals;
    /** A token is looked up without asking the system who its owner is: so that is noted now. */
    know: (account: Account) => void;
  },
): TokenDesk {
  const { tokens, principals } = deps;
  return {
    longestS: deps.tokenMaxLifetimeS,
    list: (account) =>
      tokens
        .ofOwner(account)
        .filter(({ kind }) => kind === 'user' || kind === 'oauth')
        .sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))
        .map(toView),
    async make(who, { note, lifetimeS, scopes }) {
      deps.know(who.account);
      const maker = principals.ofIdentity(who);
      const { token, record } = await issueUserToken(deps, { maker, owner: who.account, note, lifetimeS, scopes });
      return { token, view: toView(record) };
    },
    async revoke(who, id) {
      const mine = (record: Token): boolean =>
        record.id === id && record.owner === who.account.name && (record.kind === 'user' || record.kind === 'oauth');
      if (!tokens.ofOwner(who.account.name).some(mine)) return false;
      await tokens.revokeWhere(mine);
      deps.log.info({ owner: who.account.name, tokenId: id, by: who.account.name }, 'token revoked');
      return true;
    },
  };
}

function toView({ id, note, scopes, createdAt, expiresAt, lastUsedAt, clientId }: Token): TokenView {
  return { id, note, scopes, createdAt, expiresAt, lastUsedAt, client: clientId };
}
