import { setTimeout as sleep } from 'node:timers/promises';
import { compactVerify, errors } from 'jose';
import * as oidc from 'openid-client';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import { KeysUnavailable } from './jwks.ts';
import type { KeySource } from './jwks.ts';
import { createRemoteKeys } from './remoteKeys.ts';
import { signatureAlgorithms } from './verify.ts';

/** The gateway as a client of an OpenID provider, the built-in one or the site's: code flow with PKCE, state, nonce. */
export interface OidcClient {
  /** Begins a sign-in: where to send the browser, and what to remember until it is back. */
  begin(extra?: Record<string, string>): Promise<{ url: URL; state: string; nonce: string; verifier: string }>;
  /** Ends it: the claims of the ID token. Throws `GatewayError`. */
  finish(callback: URL, kept: { state: string; nonce: string; verifier: string }): Promise<OidcSignIn>;
  /** Asks whether the sign-in still holds. Throws `GatewayError`: `auth.unavailable` where the provider cannot say. */
  refresh(refreshToken: string, subject: string): Promise<OidcSignIn>;
  /** Where the browser ends its session at the provider; undefined where it offers no such thing. */
  logoutUrl(parameters: Record<string, string>): Promise<URL | undefined>;
  /** Address of its key set. */
  jwksUrl(): Promise<string>;
}

export interface OidcSignIn {
  issuer: string;
  subject: string;
  claims: Record<string, unknown>;
  idToken?: string | undefined;
  refreshToken?: string | undefined;
  /** Asks the userinfo endpoint; undefined where it does not say. */
  userInfo?: () => Promise<Record<string, unknown> | undefined>;
}

export interface OidcClientOptions {
  issuer: string;
  clientId: string;
  clientSecret: string | undefined;
  /** How it is sent (RFC 6749, 2.3.1); default `basic`. */
  clientAuth?: 'basic' | 'post';
  redirectUri: string;
  scope: string;
  clock: Clock;
  /** How to reach the provider; for the built-in one by our own listener. */
  fetch?: oidc.CustomFetch;
  /** For providers on plain http: the built-in one of a first run, and tests. */
  dangerouslyAllowHttp?: boolean;
  skewS?: number;
  timeoutS?: number;
  /** Asks the provider's userinfo endpoint as well: some name the groups there alone. */
  userInfo?: boolean;
}

/** ID tokens come from the provider itself, not from browsers: an unknown key is worth a question almost every time. */
const keyCooldownMs = 1000;
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

  // The library's own check keeps an old key set for a minute: a rotation would cost people their sign-in.
  const keys = createRemoteKeys({
    url: async () => (await discover()).serverMetadata().jwks_uri ?? '',
    clock,
    cooldownMs: keyCooldownMs,
    ...(options.fetch === undefined ? {} : { fetch: options.fetch as typeof fetch }),
  });
  const context = { options, keys };

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
        return await toSignIn(config, tokens, context);
      } catch (error) {
        throw toSignInError(error);
      }
    },
    async refresh(refreshToken, subject) {
      const config = await discover();
      try {
        const tokens = await oidc.refreshTokenGrant(config, refreshToken);
        const next = tokens.refresh_token ?? refreshToken;
        const userInfo = (): Promise<Record<string, unknown> | undefined> =>
          oidc.fetchUserInfo(config, tokens.access_token, subject).then(
            (claims) => ({ ...claims }),
            () => undefined,
          );
        const same = { subject, refreshToken: next, userInfo };
        if (tokens.id_token === undefined) return { issuer: options.issuer, claims: {}, ...same };
        const signIn = await toSignIn(config, tokens, context);
        if (signIn.subject !== subject) throw new GatewayError('auth.invalid', { facts: { why: 'another subject' } });
        return { ...signIn, ...same };
      } catch (error) {
        throw toSignInError(error);
      }
    },
    async logoutUrl(parameters) {
      const config = await discover();
      if (config.serverMetadata().end_session_endpoint === undefined) return undefined;
      return oidc.buildEndSessionUrl(config, parameters);
    },
    async jwksUrl() {
      return (await discover()).serverMetadata().jwks_uri ?? '';
    },
  };
}

async function toSignIn(
  config: oidc.Configuration,
  tokens: oidc.TokenEndpointResponse & oidc.TokenEndpointResponseHelpers,
  { options, keys }: { options: OidcClientOptions; keys: KeySource },
): Promise<OidcSignIn> {
  const claims = tokens.claims();
  if (claims === undefined || tokens.id_token === undefined)
    throw new GatewayError('auth.invalid', { facts: { why: 'no ID token' } });
  await verifySignature(tokens.id_token, keys);
  const more = options.userInfo === true ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) : {};
  const { iss: issuer, sub: subject } = claims;
  const { id_token: idToken, refresh_token: refreshToken } = tokens;
  // What is signed goes before what was merely sent.
  return { issuer, subject, claims: { ...more, ...claims }, idToken, refreshToken };
}

/** The key may have been published a moment after the last look: then it is worth a second one. */
async function verifySignature(idToken: string, keys: KeySource): Promise<void> {
  const verify = () =>
    compactVerify(idToken, (header) => keys.find(header ?? {}), { algorithms: [...signatureAlgorithms] });
  try {
    await verify();
  } catch (error) {
    if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
    await sleep(keyCooldownMs + 50);
    await verify();
  }
}

function authentication({ clientSecret, clientAuth }: OidcClientOptions): oidc.ClientAuth {
  if (clientSecret === undefined) return oidc.None();
  return clientAuth === 'post' ? oidc.ClientSecretPost(clientSecret) : oidc.ClientSecretBasic(clientSecret);
}

async function discoverNow(options: OidcClientOptions): Promise<oidc.Configuration> {
  const { skewS = 30, timeoutS = 10 } = options;
  const execute: ((config: oidc.Configuration) => void)[] = [];
  if (options.dangerouslyAllowHttp === true) execute.push(oidc.allowInsecureRequests);
  try {
    return await oidc.discovery(
      new URL(options.issuer),
      options.clientId,
      { [oidc.clockTolerance]: skewS },
      authentication(options),
      { execute, timeout: timeoutS, ...(options.fetch === undefined ? {} : { [oidc.customFetch]: options.fetch }) },
    );
  } catch (cause) {
    throw unavailable('discovery failed', cause);
  }
}

function unavailable(why: string, cause?: unknown): GatewayError {
  return new GatewayError('auth.unavailable', { facts: { why }, cause });
}

/** No answer, or not one of an OAuth server: a provider that is down, or what stands in front of it. */
const badAnswers: ReadonlySet<unknown> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_PARSE_ERROR',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
]);

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
  if (error instanceof KeysUnavailable)
    return new GatewayError('auth.unavailable', { cause: error, facts: { why: 'no keys' } });
  if (error instanceof errors.JOSEError)
    return new GatewayError('auth.invalid', { cause: error, facts: { why: error.code } });
  const code = (error as { code?: unknown } | null)?.code;
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') return wrongClock(error);
  const down = code === undefined || badAnswers.has(code);
  return new GatewayError(down ? 'auth.unavailable' : 'auth.invalid', {
    cause: error,
    facts: { why: code, claim: claimOf(error) },
  });
}

/** Which claim of the ID token was not as it must be. */
function claimOf(error: unknown): string | undefined {
  const { cause } = (error ?? {}) as { cause?: { cause?: { claim?: unknown }; claim?: unknown } };
  const claim = cause?.claim ?? cause?.cause?.claim;
  return typeof claim === 'string' ? claim : undefined;
}

/** The one fault of a provider's answer that people can do something about by themselves. */
function wrongClock(cause: unknown): GatewayError {
  return new GatewayError('auth.invalid', {
    message: 'The clock of the sign-in service and the clock of this gateway do not agree.',
    advice: 'Tell the administrator of this site: one of the two clocks is wrong.',
    facts: { why: 'clock' },
    cause,
  });
}
