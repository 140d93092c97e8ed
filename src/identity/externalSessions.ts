import type { Clock } from '../clock.ts';
import type { SessionRecord } from '../store/schema.ts';
import type { DeepReadonly } from '../store/types.ts';
import { isoOf } from './sessionRecords.ts';
import type { VerifiedToken } from './types.ts';

/**
 * Sessions that we did not begin: the browser brings a token of the site's single sign-on. A record is made of it all the
 * same, so that it can be listed and ended here. We cannot take the token back, so an ended one is remembered:
 *
 * - where the tokens name their session, that session is over for good;
 * - where they do not, tokens made before the end are void, and a later one begins anew.
 */
export type External = Pick<VerifiedToken, 'sessionId' | 'sessionNamed' | 'issuedAt' | 'expiresAt' | 'issuer'> & {
  account: string;
  uid: number;
  userAgent: string;
  groups: readonly string[];
  provider: { subject: string; sid: string | null };
};

/** What becomes of the record: nothing, a new content, or the token is void. */
export type Adoption = { kind: 'keep' } | { kind: 'put'; record: SessionRecord; began: boolean } | { kind: 'void' };

/** An ended session that its issuer may still renew is remembered for so long after its last token was seen, ms. */
const rememberMs = 24 * 3_600_000;

export function adoption(
  known: DeepReadonly<SessionRecord> | undefined,
  token: External,
  { now }: { now: number },
): Adoption {
  if (known === undefined) return { kind: 'put', record: recordOf(token, now), began: true };
  if (known.revokedAt !== null) return afterEnd(known, known.revokedAt, token, now);
  if (known.validFrom !== undefined && !madeAfter(token, known.validFrom)) return { kind: 'void' };
  if (Date.parse(known.expiresAt) >= token.expiresAt) return { kind: 'keep' };
  const { groups: _before, ...rest } = copy(known);
  const groups = token.groups.length === 0 ? {} : { groups: [...token.groups] };
  return { kind: 'put', record: { ...rest, ...groups, expiresAt: isoOf(token.expiresAt) }, began: false };
}

function afterEnd(known: DeepReadonly<SessionRecord>, revokedAt: string, token: External, now: number): Adoption {
  if (!token.sessionNamed && madeAfter(token, revokedAt))
    return { kind: 'put', record: { ...recordOf(token, now), validFrom: revokedAt }, began: true };
  return { kind: 'void' };
}

/** `iat` has whole seconds: one made within the second of the end counts as made before it. */
function madeAfter({ issuedAt }: External, time: string): boolean {
  return issuedAt !== undefined && issuedAt > Date.parse(time);
}

/** Until when an ended external session must be remembered, ms since 1970. */
export function rememberUntil(record: Pick<SessionRecord, 'expiresAt'>, clock: Clock): number {
  return Math.max(Date.parse(record.expiresAt), clock.now()) + rememberMs;
}

function recordOf(token: External, now: number): SessionRecord {
  return {
    id: token.sessionId,
    account: token.account,
    issuer: token.issuer,
    userAgent: token.userAgent.slice(0, 300),
    createdAt: isoOf(now),
    expiresAt: isoOf(token.expiresAt),
    revokedAt: null,
    kind: 'external',
    uid: token.uid,
    ...(token.groups.length === 0 ? {} : { groups: [...token.groups] }),
    provider: token.provider,
  };
}

function copy(record: DeepReadonly<SessionRecord>): SessionRecord {
  return structuredClone(record) as SessionRecord;
}
