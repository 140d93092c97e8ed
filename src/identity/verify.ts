import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JWTPayload, JWTVerifyOptions } from 'jose';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';
import { KeysUnavailable } from './jwks.ts';
import type { KeySource } from './jwks.ts';
import { createTokenCache } from './tokenCache.ts';
import type { Verified, VerifiedToken } from './types.ts';

/**
 * Verifies signed tokens (JWS compact, RFC 7515; JWT, RFC 7519) of every issuer we trust: our own session tokens and
 * those of a site's single sign-on go through this one place, on Node and at the edge. Web standards and jose only.
 *
 * What a refusal says to the client is general; which check failed is its `reason`, for the log.
 */

/** Asymmetric only: with a shared secret, whoever can check a token can make one. */
export const signatureAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

export interface TrustedIssuer {
  /** Compared with `iss`, byte by byte. */
  issuer: string;
  /** `aud` must have one of these. */
  audience: readonly string[];
  algorithms: readonly SignatureAlgorithm[];
  keys: KeySource;
  /** Oldest age by `iat`, seconds; with it `iat` is required. */
  maxAgeS?: number;
  /** `typ` of the header, where only one will do (RFC 8725, 3.11). Otherwise none, `JWT` or `at+jwt`. */
  typ?: string;
  /** Claim that stays the same while a sign-in is renewed; default `sid`. */
  sessionClaim?: string;
  /** We are this issuer: `sid` is the id of a session of ours. Ids of others' sessions cannot be mistaken for one. */
  own?: boolean;
}

export interface VerifierOptions {
  issuers: readonly TrustedIssuer[];
  clock: Clock;
  /** Clock difference forgiven, seconds. */
  skewS?: number;
  /** A verified token is not looked at again for so long, ms. */
  cacheLifeMs?: number;
  /** Entries per generation of the cache. */
  cacheSize?: number;
}

export interface Verifier {
  /** At once where the token is in the cache. */
  verify(token: string): Verified<VerifiedToken> | Promise<Verified<VerifiedToken>>;
  /** Forgets what was verified: keys or rules changed. */
  clear(): void;
}

/** Longest token that is looked at, characters. */
export const maxTokenLength = 8192;

/** Each costs half a millisecond, and anybody may send a token that names no key. */
const mostKeysTried = 4;

const threeParts = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** 31 December 9999: later times are no times. */
const lastTimeS = 253_402_300_799;

export function createVerifier(options: VerifierOptions): Verifier {
  const { clock, cacheLifeMs = 60_000, cacheSize = 5000 } = options;
  const issuers = new Map(options.issuers.map((issuer) => [issuer.issuer, issuer]));
  const skewS = options.skewS ?? 30;
  const cache = createTokenCache<Verified<VerifiedToken>>(cacheSize);

  async function check(token: string): Promise<Verified<VerifiedToken>> {
    const issuer = chooseIssuer(token, issuers);
    if (typeof issuer === 'string') return refused('auth.invalid', issuer);
    try {
      const claims = await verifySignature(token, issuer, { nowMs: clock.now(), skewS });
      const fault = claimFault(claims, clock.now() / 1000 + skewS);
      if (fault !== undefined) return refused('auth.invalid', fault);
      const verified = { ok: true, value: await toVerified(claims, issuer, skewS) } as const;
      cache.set(token, verified, Math.min(verified.value.expiresAt, clock.now() + cacheLifeMs));
      return verified;
    } catch (error) {
      return fromError(error);
    }
  }

  return {
    verify: (token) => cache.get(token, clock.now()) ?? check(token),
    clear: () => cache.clear(),
  };
}

/** The issuer that the unverified token names, or why there is none. */
function chooseIssuer(token: string, issuers: ReadonlyMap<string, TrustedIssuer>): TrustedIssuer | string {
  if (token.length > maxTokenLength) return 'token too long';
  if (!threeParts.test(token)) return 'not a signed token of three parts';
  try {
    const header = decodeProtectedHeader(token);
    if (header.crit !== undefined || 'b64' in header) return 'header has critical extensions';
    const { iss } = decodeJwt(token);
    const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined;
    if (issuer === undefined) return 'issuer is not trusted here';
    if (!(issuer.algorithms as readonly unknown[]).includes(header.alg)) return 'algorithm is not allowed';
    if (issuer.typ === undefined && !isSignInType(header.typ)) return 'type is not that of a sign-in';
    return issuer;
  } catch {
    return 'token cannot be decoded';
  }
}

/** A token made for something else (a logout, a proof of possession) must not sign anybody in. */
function isSignInType(typ: unknown): boolean {
  if (typ === undefined) return true;
  return typeof typ === 'string' && ['jwt', 'at+jwt'].includes(typ.toLowerCase().replace(/^application\//, ''));
}

async function verifySignature(
  token: string,
  issuer: TrustedIssuer,
  times: { nowMs: number; skewS: number },
): Promise<JWTPayload> {
  const options: JWTVerifyOptions = {
    algorithms: [...issuer.algorithms],
    issuer: issuer.issuer,
    audience: [...issuer.audience],
    requiredClaims: ['exp', 'sub'],
    clockTolerance: times.skewS,
    currentDate: new Date(times.nowMs),
    ...(issuer.maxAgeS === undefined ? {} : { maxTokenAge: issuer.maxAgeS }),
    ...(issuer.typ === undefined ? {} : { typ: issuer.typ }),
  };
  try {
    return (await jwtVerify(token, (header) => issuer.keys.find(header), options)).payload;
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) return verifyByOne(token, error, options);
    throw error;
  }
}

/** A token that names no key, while its issuer publishes the old one and the new one. */
async function verifyByOne(
  token: string,
  fitting: InstanceType<typeof errors.JWKSMultipleMatchingKeys>,
  options: JWTVerifyOptions,
): Promise<JWTPayload> {
  let tries = 0;
  for await (const key of fitting) {
    tries += 1;
    if (tries > mostKeysTried) break;
    try {
      return (await jwtVerify(token, key, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
    }
  }
  throw new errors.JWSSignatureVerificationFailed();
}

/** What jose leaves to us. */
function claimFault(claims: JWTPayload, latestS: number): string | undefined {
  const { sub, exp, iat } = claims;
  if (claims['events'] !== undefined) return 'a notice of events, no sign-in';
  if (typeof sub !== 'string' || sub === '' || sub.length > 255) return 'sub is not a name';
  if (hasControl(sub)) return 'sub has control characters';
  if (typeof exp !== 'number' || !(exp > 0 && exp <= lastTimeS)) return 'exp is not a time';
  if (iat !== undefined && (typeof iat !== 'number' || !(iat <= latestS))) return 'iat is in the future';
  return undefined;
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code < 32 || (code >= 127 && code < 160)) return true;
  }
  return false;
}

async function toVerified(claims: JWTPayload, issuer: TrustedIssuer, skewS: number): Promise<VerifiedToken> {
  const { iss = '', sub = '', exp = 0, iat } = claims;
  const named = idOf(claims[issuer.own === true ? 'sid' : (issuer.sessionClaim ?? 'sid')]);
  return {
    issuer: iss,
    subject: sub,
    sessionId: issuer.own === true && named !== undefined ? named : await foreignId(iss, named, sub),
    sessionNamed: named !== undefined,
    ...(iat === undefined ? {} : { issuedAt: iat * 1000 }),
    expiresAt: (exp + skewS) * 1000,
    claims,
  };
}

function idOf(claim: unknown): string | undefined {
  return typeof claim === 'string' && /^[\w.:=+/-]{4,256}$/.test(claim) ? claim : undefined;
}

/**
 * The same for all tokens of one sign-in (or, where the issuer names none, of one person), and never an id of our own,
 * however the issuer names its sessions: SHA-256 of the length-prefixed parts, base64url, after `x-`.
 */
async function foreignId(iss: string, named: string | undefined, sub: string): Promise<string> {
  const parts = named === undefined ? ['sub', iss, sub] : ['sid', iss, named, sub];
  const text = parts.map((part) => `${part.length}:${part}`).join('');
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return `x-${btoa(String.fromCharCode(...hash))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')}`;
}

function fromError(error: unknown): Verified<VerifiedToken> {
  if (error instanceof KeysUnavailable) return refused('auth.unavailable', 'keys of the issuer cannot be had', error);
  if (error instanceof errors.JWTExpired) return refused('auth.expired', `expired (${error.claim})`, error);
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused('auth.invalid', `claim ${error.claim}: ${error.reason}`, error);
  if (error instanceof errors.JOSEError) return refused('auth.invalid', error.code, error);
  return refused('auth.invalid', 'token cannot be verified', error);
}

function refused(code: ErrorCode, reason: string, cause?: unknown): Extract<Verified<never>, { ok: false }> {
  return { ok: false, error: new GatewayError(code, { cause }), reason };
}
