import { jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { Clock } from '../clock.ts';
import type { KeySource } from './jwks.ts';
import { createTokenCache } from './tokenCache.ts';
import { signatureAlgorithms } from './verify.ts';

/** Logout tokens of a provider (OpenID Connect Back-Channel Logout 1.0, 2.4 and 2.6). */
export type LogoutNotice =
  | { ok: true; issuer: string; sid: string | undefined; subject: string | undefined }
  | { ok: false; reason: string };

const event = 'http://schemas.openid.net/event/backchannel-logout';
/** Such a token is sent at once: an old one is a replay, seconds. */
const maxAgeS = 300;
const maxLength = 8192;

export function createLogoutTokens(options: {
  issuer: string;
  clientId: string;
  keys: KeySource;
  clock: Clock;
  skewS: number;
}): (token: string) => Promise<LogoutNotice> {
  const { issuer, clientId, keys, clock, skewS } = options;
  const seen = createTokenCache<true>(5000);

  return async (token) => {
    if (token.length > maxLength) return { ok: false, reason: 'token too long' };
    let claims: JWTPayload;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, (header) => keys.find(header), {
        algorithms: [...signatureAlgorithms],
        issuer,
        audience: clientId,
        requiredClaims: ['iat', 'jti', 'events'],
        clockTolerance: skewS,
        maxTokenAge: maxAgeS,
        currentDate: new Date(clock.now()),
      });
      if (protectedHeader.typ !== undefined && !/^(?:application\/)?(?:logout\+jwt|jwt)$/i.test(protectedHeader.typ))
        return { ok: false, reason: 'type is not that of a logout' };
      claims = payload;
    } catch (error) {
      return { ok: false, reason: (error as { code?: string }).code ?? 'cannot be verified' };
    }
    const fault = faultOf(claims);
    if (fault !== undefined) return { ok: false, reason: fault };
    const id = String(claims.jti);
    if (seen.get(id, clock.now()) !== undefined) return { ok: false, reason: 'used before' };
    seen.set(id, true, clock.now() + (maxAgeS + 2 * skewS) * 1000);
    const { sid, sub: subject } = claims;
    return { ok: true, issuer, sid: typeof sid === 'string' ? sid : undefined, subject };
  };
}

function faultOf(claims: JWTPayload): string | undefined {
  const { events, sid, sub, nonce } = claims;
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(events) || !isObject((events as Record<string, unknown>)[event])) return 'no logout event';
  // An ID token has a nonce: this rule keeps one from passing as a logout token.
  if (nonce !== undefined) return 'it has a nonce';
  return typeof sid === 'string' || typeof sub === 'string' ? undefined : 'neither sid nor sub';
}
