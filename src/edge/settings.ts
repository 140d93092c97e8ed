import { leastEdgeSecretLength } from '../proxy/edgeAssertion.ts';
import { createUrls } from '../urls.ts';
import type { Urls } from '../urls.ts';

/** Bindings of the Worker: variables and the one secret (`wrangler.toml`, `wrangler secret put EDGE_SECRET`). */
export interface EdgeBindings {
  /** Where the gateway is reached from here: `https://gateway.internal:8000`, no path. */
  ORIGIN: string;
  /** Address that browsers use: the gateway's own `publicUrl`. */
  PUBLIC_URL: string;
  /** The site's own identity provider, beside the gateway's sessions: all of the next three, and a cookie or a header. */
  ISSUER?: string;
  JWKS_URL?: string;
  AUDIENCE?: string;
  TOKEN_COOKIE?: string;
  TOKEN_HEADER?: string;
  /** Shared with the gateway, 32 characters or more: what is forwarded is then signed. */
  EDGE_SECRET?: string;
}

/** The site's own provider, as in `identity.issuers` of the gateway. */
export interface EdgeIssuer {
  issuer: string;
  audience: string;
  jwksUrl: string;
  cookie: string | undefined;
  header: string | undefined;
}

export interface EdgeSettings {
  origin: URL;
  urls: Urls;
  site: EdgeIssuer | undefined;
  secret: Uint8Array | undefined;
}

/** Throws an `Error` that names the binding at fault: the Worker then answers 500 and logs it. */
export function readSettings(env: EdgeBindings): EdgeSettings {
  const secret = env.EDGE_SECRET ?? '';
  if (secret !== '' && secret.length < leastEdgeSecretLength)
    throw new Error(`EDGE_SECRET needs ${leastEdgeSecretLength} characters or more`);
  return {
    origin: new URL(env.ORIGIN),
    urls: createUrls(env.PUBLIC_URL),
    site: readIssuer(env),
    secret: secret === '' ? undefined : new TextEncoder().encode(secret),
  };
}

function readIssuer(env: EdgeBindings): EdgeIssuer | undefined {
  const { ISSUER: issuer, JWKS_URL: jwksUrl, AUDIENCE: audience, TOKEN_COOKIE: cookie, TOKEN_HEADER: header } = env;
  if (issuer === undefined) return undefined;
  if (jwksUrl === undefined || audience === undefined) throw new Error('ISSUER needs JWKS_URL and AUDIENCE beside it');
  if (cookie === undefined && header === undefined) throw new Error('ISSUER needs TOKEN_COOKIE or TOKEN_HEADER');
  return { issuer, audience, jwksUrl, cookie, header: header?.toLowerCase() };
}
