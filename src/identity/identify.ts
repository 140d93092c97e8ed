import type { Account, Identity } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { cookieValues } from './cookies.ts';
import { createTokenCache } from './tokenCache.ts';
import type { Identify, Verified } from './types.ts';
import type { Verifier } from './verify.ts';

/** Who is asking: cookie or bearer token → verified token → live session → account that is not blocked. */
export interface IdentifyParts {
  verifier: Verifier;
  clock: Clock;
  cookieName: string;
  isLive(sessionId: string): boolean;
  isBlocked(account: string): boolean;
  find(name: string): Promise<Account | undefined>;
}

type Refused = Extract<Verified<Identity>, { ok: false }>;

/** What is known of an account is looked up again after so long, ms. */
const cacheLifeMs = 30_000;

export function createIdentify(parts: IdentifyParts): Identify & { forget(): void } {
  const { clock } = parts;
  const cache = createTokenCache<Extract<Verified<Identity>, { ok: true }>>(5000);

  /** Sessions and blocks are asked every time: an end acts at once, whatever is cached. */
  function hit(token: string): Verified<Identity> | undefined {
    const known = cache.get(token, clock.now());
    return known === undefined ? undefined : (gone(known.value, parts) ?? known);
  }

  async function check(token: string, via: Identity['via']): Promise<Verified<Identity>> {
    const verified = await parts.verifier.verify(token);
    if (!verified.ok) return verified;
    const { subject, sessionId, issuer, expiresAt } = verified.value;
    if (!parts.isLive(sessionId)) return refuse('auth.expired', 'session has ended');
    const account = await parts.find(subject);
    if (account === undefined) return refuse('auth.no-account', 'no account for the subject');
    const found = { ok: true, value: { account, sessionId, issuer, expiresAt, via } } as const;
    cache.set(token, found, Math.min(expiresAt, clock.now() + cacheLifeMs));
    return gone(found.value, parts) ?? found;
  }

  const identify: Identify = ({ cookie, authorization }) => {
    const tokens = cookieValues(cookie, parts.cookieName);
    for (const token of tokens) {
      const known = hit(token);
      if (known?.ok === true) return known;
    }
    const bearer = bearerToken(authorization);
    const known = bearer === undefined ? undefined : hit(bearer);
    if (tokens.length === 0 && known !== undefined) return known;
    if (tokens.length === 0 && bearer === undefined) return refuse('auth.required', 'no token');
    return firstGood(tokens, bearer, check);
  };
  return Object.assign(identify, { forget: () => cache.clear() });
}

async function firstGood(
  tokens: readonly string[],
  bearer: string | undefined,
  check: (token: string, via: Identity['via']) => Promise<Verified<Identity>>,
): Promise<Verified<Identity>> {
  let worst: Verified<Identity> = refuse('auth.required', 'no token');
  for (const token of tokens) {
    const verified = await check(token, 'cookie');
    if (verified.ok) return verified;
    worst = verified;
  }
  if (bearer === undefined) return worst;
  const verified = await check(bearer, 'header');
  return verified.ok || tokens.length === 0 ? verified : worst;
}

function gone({ account, sessionId }: Identity, parts: IdentifyParts): Refused | undefined {
  if (!parts.isLive(sessionId)) return refuse('auth.expired', 'session has ended');
  if (parts.isBlocked(account.name)) return refuse('auth.blocked', 'account is blocked');
  return undefined;
}

/** A signed token by `Authorization: Bearer`; Hub tokens have no dots and are resolved elsewhere. */
function bearerToken(authorization: string | undefined): string | undefined {
  return /^bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization ?? '')?.[1];
}

function refuse(code: 'auth.required' | 'auth.expired' | 'auth.no-account' | 'auth.blocked', reason: string): Refused {
  return { ok: false, error: new GatewayError(code), reason };
}
