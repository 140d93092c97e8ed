import type { Account } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { Found, IdentifyParts } from './identify.ts';
import type { SiteAccounts } from './siteAccounts.ts';
import type { SessionKeeper } from './sessions.ts';
import type { VerifiedToken } from './types.ts';

/** Whose a verified token is, and which session it belongs to: ours have a record already, others get one. */
export function createTokenHolders(parts: {
  /** `iss` of our own tokens. */
  issuer: string;
  people: SiteAccounts;
  sessions: SessionKeeper;
}): Pick<IdentifyParts, 'accountOf' | 'enter' | 'endOf'> {
  const { issuer, people, sessions } = parts;

  async function ofSession(token: VerifiedToken): Promise<Found> {
    const record = sessions.get(token.sessionId);
    if (record === undefined) return ended('session has ended');
    const found = await people.byName(token.subject, record.groups);
    // A name given to another person since: the uid tells.
    if (found.ok && record.uid !== undefined && found.account.uid !== record.uid)
      return ended('the account has another uid now');
    return found;
  }

  return {
    accountOf: (token) => (token.issuer === issuer ? ofSession(token) : people.byClaims(token.issuer, token.claims)),
    enter: (token, account, userAgent) =>
      token.issuer === issuer
        ? sessions.isLive(token.sessionId)
        : sessions.adopt(external(token, account, userAgent), account),
    endOf: (id) => Date.parse(sessions.get(id)?.expiresAt ?? '') || 0,
  };
}

function external(token: VerifiedToken, account: Account, userAgent: string): Parameters<SessionKeeper['adopt']>[0] {
  const { sid } = token.claims;
  return {
    ...token,
    account: account.name,
    uid: account.uid,
    userAgent,
    groups: account.groups.filter((group) => group.startsWith('claim:')),
    provider: { subject: token.subject, sid: typeof sid === 'string' ? sid : null },
  };
}

function ended(reason: string): Found {
  return { ok: false, error: new GatewayError('auth.expired'), reason };
}
