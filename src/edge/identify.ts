import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { Identity } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import type { Identify, Verified } from '../identity/types.ts';
import type { EdgeSettings } from './settings.ts';

/** Asymmetric only: with a shared secret, whoever can check a token can make one. */
const algorithms = ['EdDSA', 'ES256', 'ES384', 'ES512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'];
const skewS = 30;
const maxTokenLength = 8192;
const signedToken = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/**
 * Who is asking, by the signed token in the session cookie or in `Authorization`. Public keys are all that is kept
 * between requests. Whether the session still lives, and what the account may open, is the gateway's to say.
 */
export function createEdgeIdentify(settings: EdgeSettings): Identify {
  const keys = createRemoteJWKSet(settings.jwksUrl, { cooldownDuration: 30_000, cacheMaxAge: 600_000 });
  const rules = {
    algorithms,
    audience: settings.audience,
    clockTolerance: skewS,
    requiredClaims: ['exp', 'sub'],
    ...(settings.issuer === undefined ? {} : { issuer: settings.issuer }),
  };
  const verify = async (token: string, via: Identity['via']): Promise<Verified<Identity>> => {
    try {
      const { payload } = await jwtVerify(token, keys, rules);
      return { ok: true, value: toIdentity(payload, via) };
    } catch (error) {
      return refusal(error);
    }
  };
  return async ({ cookie, authorization }) => {
    let last: Verified<Identity> = refused('auth.required', 'no token');
    for (const [token, via] of tokensOf(cookie, authorization, settings.urls.secure)) {
      last = await verify(token, via);
      if (last.ok) return last;
    }
    return last;
  };
}

/** Opaque tokens are the Hub's: only the gateway can tell whose they are. */
export function bearsHubToken(authorization: string | null): boolean {
  const token = /^(?:Bearer|token) (.+)$/i.exec(authorization ?? '')?.[1];
  return token !== undefined && !signedToken.test(token);
}

function tokensOf(
  cookie: string | undefined,
  authorization: string | undefined,
  secure: boolean,
): [string, Identity['via']][] {
  const name = secure ? '__Host-cylc-gateway' : 'cylc-gateway';
  const values = (cookie ?? '').split(';').flatMap((pair) => {
    const [key = '', ...rest] = pair.split('=');
    return key.trim() === name ? [rest.join('=').trim()] : [];
  });
  const bearer = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
  const found: [string, Identity['via']][] = values.slice(0, 4).map((value) => [value, 'cookie']);
  if (bearer !== undefined) found.push([bearer, 'header']);
  return found.filter(([token]) => token.length <= maxTokenLength && signedToken.test(token));
}

/** The edge knows no accounts: of the person it has the name that the token gives, and no power follows from it. */
function toIdentity(claims: JWTPayload, via: Identity['via']): Identity {
  const name = claims.sub ?? '';
  const account = { name, uid: -1, gid: -1, home: '', shell: '', displayName: name, groups: [], admin: false };
  const sessionId = typeof claims['sid'] === 'string' ? claims['sid'] : (claims.jti ?? '');
  return { account, sessionId, issuer: claims.iss ?? '', expiresAt: (claims.exp ?? 0) * 1000, via };
}

function refusal(error: unknown): Verified<Identity> {
  if (error instanceof errors.JWTExpired) return refused('auth.expired', 'expired', error);
  if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== 'ERR_JOSE_GENERIC')
    return refused('auth.invalid', error.code, error);
  return refused('auth.unavailable', 'keys of the issuer cannot be had', error);
}

function refused(code: ErrorCode, reason: string, cause?: unknown): Extract<Verified<never>, { ok: false }> {
  return { ok: false, error: new GatewayError(code, { cause }), reason };
}
