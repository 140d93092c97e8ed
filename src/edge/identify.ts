import type { Account, Identity } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import { ownCookieNames } from '../identity/cookies.ts';
import { createRemoteKeys } from '../identity/remoteKeys.ts';
import { sessionAudience, sessionTokenType } from '../identity/sessionToken.ts';
import { candidatesOf } from '../identity/tokenSources.ts';
import type { TokenSource } from '../identity/tokenSources.ts';
import type { Identify, Verified, VerifiedToken } from '../identity/types.ts';
import { createVerifier, signatureAlgorithms } from '../identity/verify.ts';
import type { TrustedIssuer } from '../identity/verify.ts';
import type { EdgeSettings } from './settings.ts';

const clock = { now: () => Date.now() };

/**
 * Who is asking, by the gateway's own verifier and sources of tokens. Public keys and verified tokens are all that is
 * kept between requests. Whether the session still lives, and what the account may open, is the gateway's to say.
 */
export function createEdgeIdentify(settings: EdgeSettings): Identify {
  const issuers = [ownIssuer(settings), ...siteIssuer(settings)];
  const verifier = createVerifier({ issuers, clock });
  const sources = sourcesOf(settings);
  return async (credentials) => {
    let first: Verified<Identity> | undefined;
    for (const { token, source, via } of candidatesOf(credentials, sources)) {
      const verified = await verifier.verify(token);
      if (verified.ok && source.accepts(verified.value.issuer))
        return { ok: true, value: toIdentity(verified.value, via) };
      first ??= verified.ok ? refused('auth.invalid', 'issuer is not one of this cookie or header') : verified;
    }
    return first ?? refused('auth.required', 'no token');
  };
}

/** Whether the request bears an opaque token of the Hub: only the gateway can tell whose it is. */
export function bearsHubToken(authorization: string | null): boolean {
  const token = /^(?:Bearer|token) (.+)$/i.exec(authorization ?? '')?.[1];
  return token !== undefined && !token.includes('.');
}

function ownIssuerOf({ urls }: EdgeSettings): string {
  return urls.origin + urls.hub('').slice(0, -1);
}

function ownIssuer(settings: EdgeSettings): TrustedIssuer {
  return {
    issuer: ownIssuerOf(settings),
    audience: [sessionAudience],
    algorithms: ['EdDSA'],
    typ: sessionTokenType,
    own: true,
    keys: remoteKeys(new URL(settings.urls.hub('jwks.json'), settings.origin).href),
  };
}

function siteIssuer({ site }: EdgeSettings): TrustedIssuer[] {
  if (site === undefined) return [];
  const { issuer, audience, jwksUrl } = site;
  return [{ issuer, audience: [audience], algorithms: signatureAlgorithms, keys: remoteKeys(jwksUrl) }];
}

/** A request of a Worker must not wait for another's fetch. */
function remoteKeys(url: string): TrustedIssuer['keys'] {
  return createRemoteKeys({ url, clock, shareFetches: false, onError: (error) => console.error(String(error)) });
}

function sourcesOf(settings: EdgeSettings): TokenSource[] {
  const { site, urls } = settings;
  const own = ownIssuerOf(settings);
  const { session } = ownCookieNames(urls.secure);
  const ours: TokenSource = { cookie: session, header: 'authorization', accepts: (issuer) => issuer === own };
  if (site === undefined) return [ours];
  return [ours, { cookie: site.cookie, header: site.header, accepts: (issuer) => issuer === site.issuer }];
}

/** The edge knows no accounts: of the person it has the name that the token gives, and no power follows from it. */
function toIdentity(token: VerifiedToken, via: Identity['via']): Identity {
  const { subject: name, sessionId, issuer, expiresAt } = token;
  const account: Account = { name, uid: -1, gid: -1, home: '', shell: '', displayName: name, groups: [], admin: false };
  return { account, sessionId, issuer, expiresAt, via };
}

function refused(code: 'auth.required' | 'auth.invalid', reason: string): Verified<Identity> {
  return { ok: false, error: new GatewayError(code), reason };
}
