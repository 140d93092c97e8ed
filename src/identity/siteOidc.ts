import type { Clock } from '../clock.ts';
import { readSecretFile } from '../config/secretFile.ts';
import type { OidcConfig } from '../config/sections/identityIssuers.ts';
import type { Urls } from '../urls.ts';
import { createRemoteKeys } from './remoteKeys.ts';
import { createKeptTokens } from './keptTokens.ts';
import type { KeptTokens } from './keptTokens.ts';
import { createLogoutTokens } from './logoutTokens.ts';
import type { LogoutNotice } from './logoutTokens.ts';
import { createOidcClient } from './oidcClient.ts';
import type { OidcClient, OidcSignIn } from './oidcClient.ts';
import type { LiveSession, NewSession } from './sessionRecords.ts';

/** The site's own OpenID provider. */
export interface SiteOidc {
  title: string;
  client: OidcClient;
  kept: KeptTokens;
  /** What a session remembers of the provider. */
  toKeep(signIn: OidcSignIn): Promise<Pick<NewSession, 'provider' | 'kept'>>;
  /** Where the provider's own session can be ended; undefined where it offers no such thing, or cannot be reached. */
  logoutOf(session: LiveSession): Promise<{ title: string; href: string; leave: boolean } | undefined>;
  logoutNotice(token: string): Promise<LogoutNotice>;
}

export interface SiteOidcOptions {
  config: OidcConfig;
  urls: Urls;
  secret: Uint8Array;
  clock: Clock;
  skewS: number;
  log: { warn(fields: object, message: string): void };
}

/** Throws `SetupError` where the file with the client secret will not do. The provider itself is asked when first needed. */
export async function createSiteOidc(options: SiteOidcOptions): Promise<SiteOidc> {
  const { config, urls, clock, skewS, log } = options;
  const client = createOidcClient({
    issuer: config.issuer,
    clientId: config.clientId,
    clientSecret: await secretOf(config),
    clientAuth: config.clientAuth,
    redirectUri: urls.origin + urls.hub('oauth_callback'),
    scope: config.scope,
    dangerouslyAllowHttp: config.dangerouslyAllowHttp,
    timeoutS: config.timeoutS,
    userInfo: config.userInfo,
    skewS,
    clock,
  });
  const kept = createKeptTokens(options.secret);
  const notices = createLogoutTokens({
    issuer: config.issuer,
    clientId: config.clientId,
    keys: createRemoteKeys({
      url: () => client.jwksUrl(),
      clock,
      onError: (error) => log.warn({ err: error }, 'keys of the provider cannot be had'),
    }),
    clock,
    skewS,
  });
  return {
    title: config.title,
    client,
    kept,
    async toKeep({ subject, claims, idToken, refreshToken }) {
      const { sid } = claims;
      const refresh = config.renew ? refreshToken : undefined;
      return {
        provider: { subject, sid: typeof sid === 'string' ? sid : null },
        ...(refresh === undefined && idToken === undefined ? {} : { kept: await kept.seal({ refresh, idToken }) }),
      };
    },
    async logoutOf(session) {
      if (session.issuer !== config.issuer) return undefined;
      const url = await client.logoutUrl(await logoutParameters(session)).catch(() => undefined);
      if (url === undefined) return undefined;
      return { title: `Sign out of ${config.title} too`, href: url.href, leave: config.signOut === 'provider' };
    },
    logoutNotice: notices,
  };

  async function logoutParameters(session: LiveSession): Promise<Record<string, string>> {
    const { idToken } = (await kept.open(session.kept)) ?? {};
    return {
      client_id: config.clientId,
      post_logout_redirect_uri: urls.origin + urls.hub('logout/done'),
      ...(idToken === undefined ? {} : { id_token_hint: idToken }),
    };
  }
}

async function secretOf({ clientSecret, clientSecretFile: path }: OidcConfig): Promise<string | undefined> {
  return path === undefined ? clientSecret : readSecretFile(path, { what: 'the client secret' });
}
