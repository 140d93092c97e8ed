import { createUrls } from '../urls.ts';
import type { Urls } from '../urls.ts';

/** Bindings of the Worker: variables and the one secret (`wrangler.toml`, `wrangler secret put EDGE_SECRET`). */
export interface EdgeBindings {
  /** Where the gateway is reached from here: `https://gateway.internal:8000`, no path. */
  ORIGIN: string;
  /** Address that browsers use: the gateway's own `publicUrl`. */
  PUBLIC_URL: string;
  /** Key set that session tokens are checked against; default: the gateway's own. */
  JWKS_URL?: string;
  /** `iss` and `aud` that a token must have. Without ISSUER, the keys alone tell who signed. */
  ISSUER?: string;
  AUDIENCE?: string;
  /** Shared with the gateway, 32 characters or more: what is forwarded is then signed. */
  EDGE_SECRET?: string;
}

export interface EdgeSettings {
  origin: URL;
  urls: Urls;
  jwksUrl: URL;
  issuer: string | undefined;
  audience: string;
  secret: Uint8Array | undefined;
}

const leastSecretLength = 32;

/** Throws an `Error` that names the binding at fault: the Worker then answers 500 and logs it. */
export function readSettings(env: EdgeBindings): EdgeSettings {
  const urls = createUrls(env.PUBLIC_URL);
  const origin = new URL(env.ORIGIN);
  const secret = env.EDGE_SECRET ?? '';
  if (secret !== '' && secret.length < leastSecretLength)
    throw new Error(`EDGE_SECRET needs ${leastSecretLength} characters or more`);
  return {
    origin,
    urls,
    jwksUrl: new URL(env.JWKS_URL ?? `${urls.base}hub/jwks.json`, origin),
    issuer: env.ISSUER,
    audience: env.AUDIENCE ?? 'cylc-gateway',
    secret: secret === '' ? undefined : new TextEncoder().encode(secret),
  };
}
