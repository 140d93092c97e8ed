import type { Account, Identity } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { createTokenCache } from './tokenCache.ts';
import { candidatesOf } from './tokenSources.ts';
import type { Candidate, TokenSource } from './tokenSources.ts';
import type { Credentials, Identify, Verified, VerifiedToken } from './types.ts';
import type { Verifier } from './verify.ts';

/** Who is asking: cookie or header → verified token → account that is not blocked → session that has not been ended. */
export interface IdentifyParts {
  verifier: Verifier;
  clock: Clock;
  sources: readonly TokenSource[];
  /** The account of a verified token, by the rules of its issuer. */
  accountOf(token: VerifiedToken): Promise<Found>;
  /** Notes the session of a token; false where it has been ended. */
  enter(token: VerifiedToken, account: Account, userAgent: string): boolean;
  isLive(sessionId: string): boolean;
  isBlocked(account: string): boolean;
  /** Until when the session as a whole lives, ms since 1970: a token of it may be older than its last renewal. */
  endOf(sessionId: string): number;
}

export type Found = { ok: true; account: Account } | { ok: false; error: GatewayError; reason: string };
type Refused = Extract<Verified<Identity>, { ok: false }>;

interface Known {
  token: string;
  answer: Extract<Verified<Identity>, { ok: true }>;
}

/** By this much of its signature a token is looked for, then compared as a whole: to hash all of it costs more than the rest. */
const tailOf = (token: string): string => token.slice(-32);

/** What is known of an account is looked up again after so long, ms. */
const cacheLifeMs = 30_000;

/** Tokens that were looked at: known from the cache, verified anew, refused. */
export interface Verifications {
  cached: number;
  verified: number;
  refused: number;
}

export function createIdentify(
  parts: IdentifyParts,
): Identify & { forget(): void; readonly verifications: Verifications } {
  const { clock } = parts;
  const verifications: Verifications = { cached: 0, verified: 0, refused: 0 };
  const cache = createTokenCache<Known>(5000);

  /** Sessions and blocks are asked every time: an end acts at once, whatever is cached. */
  function hit({ token, source }: Candidate): Verified<Identity> | undefined {
    const known = cache.get(tailOf(token), clock.now());
    if (known?.token !== token || !source.accepts(known.answer.value.issuer)) return undefined;
    return gone(known.answer.value, parts) ?? known.answer;
  }

  async function check({ token, source, via }: Candidate, userAgent: string): Promise<Verified<Identity>> {
    const verified = await parts.verifier.verify(token);
    if (!verified.ok) return verified;
    const { value } = verified;
    if (!source.accepts(value.issuer)) return refuse('auth.invalid', 'issuer is not one of this cookie or header');
    const found = await parts.accountOf(value);
    if (!found.ok) return found;
    const { account } = found;
    if (parts.isBlocked(account.name)) return refuse('auth.blocked', 'account is blocked');
    if (!parts.enter(value, account, userAgent)) return refuse('auth.expired', 'session has ended');
    const { sessionId, issuer } = value;
    const expiresAt = Math.max(value.expiresAt, parts.endOf(sessionId));
    const answer = { ok: true, value: { account, sessionId, issuer, expiresAt, via } } as const;
    cache.set(tailOf(token), { token, answer }, Math.min(value.expiresAt, clock.now() + cacheLifeMs));
    return gone(answer.value, parts) ?? answer;
  }

  const identify: Identify = (credentials) => {
    const candidates = candidatesOf(credentials, parts.sources);
    if (candidates.length === 0) return refuse('auth.required', 'no token');
    for (const candidate of candidates) {
      const known = hit(candidate);
      if (known?.ok !== true) continue;
      verifications.cached += 1;
      return known;
    }
    if (credentials.onlyKnown === true) return refuse('request.rate', 'too many from there to look at its token');
    return firstGood(candidates, async (candidate) => {
      const answer = await check(candidate, userAgentOf(credentials));
      verifications[answer.ok ? 'verified' : 'refused'] += 1;
      return answer;
    });
  };
  return Object.assign(identify, { forget: () => cache.clear(), verifications });
}

/** The first that will do; otherwise the refusal of the first, which is the one that the person meant. */
async function firstGood(
  candidates: readonly Candidate[],
  check: (candidate: Candidate) => Promise<Verified<Identity>>,
): Promise<Verified<Identity>> {
  let first: Verified<Identity> | undefined;
  for (const candidate of candidates) {
    const verified = await check(candidate);
    if (verified.ok) return verified;
    first ??= verified;
  }
  return first ?? refuse('auth.required', 'no token');
}

function gone({ account, sessionId }: Identity, parts: IdentifyParts): Refused | undefined {
  if (!parts.isLive(sessionId)) return refuse('auth.expired', 'session has ended');
  if (parts.isBlocked(account.name)) return refuse('auth.blocked', 'account is blocked');
  return undefined;
}

function userAgentOf({ userAgent, header }: Credentials): string {
  return userAgent ?? header?.('user-agent') ?? '';
}

function refuse(
  code: 'auth.required' | 'auth.invalid' | 'auth.expired' | 'auth.blocked' | 'request.rate',
  reason: string,
): Refused {
  return { ok: false, error: new GatewayError(code), reason };
}
