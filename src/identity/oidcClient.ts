import * as oidc from 'openid-client';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';

/** The gateway as a client of an OpenID provider, the built-in one or the site's: code flow with PKCE, state, nonce. */
export interface OidcClient {
  /** Begins a sign-in: where to send the browser, and what to remember until it is back. */
  begin(extra?: Record<string, string>): Promise<{ url: URL; state: string; nonce: string; verifier: string }>;
  /** Ends it: the claims of the ID token. Throws `GatewayError`. */
  finish(callback: URL, kept: { state: string; nonce: string; verifier: string }): Promise<OidcSignIn>;
}

export interface OidcSignIn {
  issuer: string;
  subject: string;
  claims: Record<string, unknown>;
}

export interface OidcClientOptions {
  issuer: string;
  clientId: string;
  clientSecret: string | undefined;
  redirectUri: string;
  scope: string;
  clock: Clock;
  /** How to reach the provider; for the built-in one by our own listener. */
  fetch?: oidc.CustomFetch;
  /** For providers on plain http: the built-in one of a first run, and tests. */
  dangerouslyAllowHttp?: boolean;
  skewS?: number;
  timeoutS?: number;
}

/** After a failed discovery the provider is left alone for so long, ms. */
const cooldownMs = 3000;

export function createOidcClient(options: OidcClientOptions): OidcClient {
  const { clock } = options;
  let configuration: Promise<oidc.Configuration> | undefined;
  let failedAtMs = -Infinity;

  function discover(): Promise<oidc.Configuration> {
    if (configuration === undefined) {
      if (clock.now() - failedAtMs < cooldownMs)
        return Promise.reject(unavailable('the provider could not be reached a moment ago'));
      configuration = discoverNow(options);
      configuration.catch(() => {
        configuration = undefined;
        failedAtMs = clock.now();
      });
    }
    return configuration;
  }

  return {
    async begin(extra = {}) {
      const config = await discover();
      const [state, nonce, verifier] = [oidc.randomState(), oidc.randomNonce(), oidc.randomPKCECodeVerifier()];
      const url = oidc.buildAuthorizationUrl(config, {
        redirect_uri: options.redirectUri,
        scope: options.scope,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...extra,
      });
      return { url, state, nonce, verifier };
    },
    async finish(callback, kept) {
      const config = await discover();
      try {
        const tokens = await oidc.authorizationCodeGrant(config, callback, {
          pkceCodeVerifier: kept.verifier,
          expectedState: kept.state,
          expectedNonce: kept.nonce,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined) throw new GatewayError('auth.invalid', { facts: { why: 'no ID token' } });
        return { issuer: claims.iss, subject: claims.sub, claims: { ...claims } };
      } catch (error) {
        throw toSignInError(error);
      }
    },
  };
}

async function discoverNow(options: OidcClientOptions): Promise<oidc.Configuration> {
  const { clientSecret, skewS = 30, timeoutS = 10 } = options;
  const execute = [oidc.enableNonRepudiationChecks];
  if (options.dangerouslyAllowHttp === true) execute.push(oidc.allowInsecureRequests);
  try {
    return await oidc.discovery(
      new URL(options.issuer),
      options.clientId,
      { [oidc.clockTolerance]: skewS },
      clientSecret === undefined ? oidc.None() : oidc.ClientSecretBasic(clientSecret),
      { execute, timeout: timeoutS, ...(options.fetch === undefined ? {} : { [oidc.customFetch]: options.fetch }) },
    );
  } catch (cause) {
    throw unavailable('discovery failed', cause);
  }
}

function unavailable(why: string, cause?: unknown): GatewayError {
  return new GatewayError('auth.unavailable', { facts: { why }, cause });
}

/** The provider said no (or the browser brought something else than it was given), or it cannot be reached. */
function toSignInError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof oidc.AuthorizationResponseError)
    return new GatewayError('auth.invalid', { cause: error, facts: { why: error.error } });
  if (error instanceof oidc.ResponseBodyError)
    return new GatewayError(error.status >= 500 ? 'auth.unavailable' : 'auth.invalid', {
      cause: error,
      facts: { why: error.error },
    });
  const code = (error as { code?: unknown } | null)?.code;
  const down = code === undefined || code === 'OAUTH_TIMEOUT' || code === 'OAUTH_ABORT';
  return new GatewayError(down ? 'auth.unavailable' : 'auth.invalid', {
    cause: error,
    facts: { why: code },
  });
}
