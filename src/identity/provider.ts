import type { IncomingMessage, ServerResponse } from 'node:http';
import { interactionPolicy, Provider } from 'oidc-provider';
import type { Configuration, Interaction } from 'oidc-provider';
import type { JSONWebKeySet } from 'jose';
import type { Clock } from '../clock.ts';
import { createProviderStore } from './providerStore.ts';

/**
 * The built-in OpenID provider: so that a site without one, and a first try, go the very same way as a site with one.
 * Its only client is the gateway itself. Its session, which the library keeps from the form to the code, signs nobody
 * in: every sign-in proves itself anew, so signing out of the gateway leaves nothing behind.
 */
export interface ProviderOptions {
  /** `https://site.example/base/hub/oidc`. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  redirectUri: string;
  /** Private keys that sign ID tokens. */
  keys: JSONWebKeySet;
  cookieKeys: readonly string[];
  clock: Clock;
  clientOf: (request: IncomingMessage) => { address: string };
  /** Shows what the visitor must do, or finishes: called for `<issuer>/interaction/<uid>`. */
  interact(visit: InteractionVisit): Promise<void>;
  onError(error: unknown, what: string): void;
}

export interface InteractionVisit {
  request: IncomingMessage;
  response: ServerResponse;
  interaction: Interaction;
  /** Where the person sits, for limits and for PAM. */
  address: string;
  /** `Host` as the browser sent it. */
  host: string | undefined;
  /** Signs the account in and sends the browser on. */
  finish(account: string): Promise<void>;
}

export type ProviderHandler = (request: IncomingMessage, response: ServerResponse) => void;

const routes = { authorization: '/auth', token: '/token', jwks: '/jwks' } as const;

/** Returns the handler of everything under the issuer's path. */
export function createProvider(options: ProviderOptions): ProviderHandler {
  const issuer = new URL(options.issuer);
  const provider = new Provider(options.issuer, configuration(options, issuer.pathname));
  provider.proxy = true;
  provider.on('server_error', (_ctx, error) => options.onError(error, 'sign-in provider failed'));
  const refused = (_ctx: unknown, error: unknown): void => options.onError(error, 'sign-in refused by the provider');
  provider.on('authorization.error', refused);
  provider.on('grant.error', refused);
  const callback = provider.callback();
  const interactionPath = `${issuer.pathname}/interaction/`;

  return (request, response) => {
    const from = { address: options.clientOf(request).address, host: request.headers.host };
    pretendPublic(request, issuer);
    if ((request.url ?? '').startsWith(interactionPath)) {
      visit({ provider, options, request, response, from }).catch((error: unknown) => {
        options.onError(error, 'sign-in page failed');
        if (!response.headersSent) response.writeHead(500, { 'cache-control': 'no-store' });
        response.end();
      });
      return;
    }
    // The provider finds its mount point by what is missing in `url` of `originalUrl`.
    Object.assign(request, { originalUrl: request.url, url: (request.url ?? '').slice(issuer.pathname.length) || '/' });
    void callback(request, response);
  };
}

async function visit(of: {
  provider: Provider;
  options: ProviderOptions;
  request: IncomingMessage;
  response: ServerResponse;
  from: Pick<InteractionVisit, 'address' | 'host'>;
}): Promise<void> {
  const { provider, options, request, response, from } = of;
  const interaction = await provider.interactionDetails(request, response).catch(() => undefined);
  if (interaction === undefined) {
    // Expired, or opened in another browser: begin again.
    response.writeHead(303, { location: new URL('login', options.issuer).pathname, 'cache-control': 'no-store' });
    response.end();
    return;
  }
  await options.interact({
    request,
    response,
    interaction,
    ...from,
    finish: (account) =>
      provider.interactionFinished(request, response, { login: { accountId: account, remember: false } }),
  });
}

/** The provider makes its addresses of these; whatever front or loopback address it was reached by, they are public. */
function pretendPublic(request: IncomingMessage, issuer: URL): void {
  request.headers.host = issuer.host;
  request.headers['x-forwarded-host'] = issuer.host;
  request.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
  delete request.headers['x-forwarded-for'];
}

/** Whoever comes with the session of an earlier sign-in is asked all the same: it may have been another's. */
function alwaysAsk(): interactionPolicy.DefaultPolicy {
  const { base, Check } = interactionPolicy;
  const policy = base();
  policy
    .get('login')
    ?.checks.add(
      new Check('no_answer', 'every sign-in proves itself', ({ oidc }) =>
        oidc.result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    );
  return policy;
}

function configuration(options: ProviderOptions, mount: string): Configuration {
  return {
    adapter: createProviderStore(options),
    clients: [
      {
        client_id: options.clientId,
        client_secret: options.clientSecret,
        redirect_uris: [options.redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        id_token_signed_response_alg: 'ES256',
      },
    ],
    jwks: options.keys,
    routes,
    scopes: ['openid'],
    responseTypes: ['code'],
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      userinfo: { enabled: false },
      dPoP: { enabled: false },
    },
    cookies: {
      keys: [...options.cookieKeys],
      names: {
        session: 'cylc-gateway-op-session',
        interaction: 'cylc-gateway-op-interaction',
        resume: 'cylc-gateway-op-resume',
      },
      // Without a path: the provider then ties each of these to its own sign-in, so that tabs do not disturb each other.
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
      long: { path: mount, signed: true, httpOnly: true, sameSite: 'lax' },
    },
    ttl: { Interaction: 900, AuthorizationCode: 60, AccessToken: 60, IdToken: 300, Session: 60, Grant: 120 },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    // Its only client is ours: there is nobody to ask consent for.
    async loadExistingGrant(ctx) {
      // One grant for all tabs that sign in at once: with a new one, the codes of the others would be void.
      const known = ctx.oidc.session!.grantIdFor(ctx.oidc.client!.clientId);
      const found = known === undefined ? undefined : await ctx.oidc.provider.Grant.find(known);
      if (found !== undefined && found.accountId === ctx.oidc.session!.accountId) return found;
      const grant = new ctx.oidc.provider.Grant({
        clientId: ctx.oidc.client!.clientId,
        accountId: ctx.oidc.session!.accountId!,
      });
      grant.addOIDCScope('openid');
      await grant.save();
      return grant;
    },
    interactions: { policy: alwaysAsk(), url: (_ctx, interaction) => `${mount}/interaction/${interaction.uid}` },
    renderError(ctx, out, error) {
      options.onError(error, 'sign-in provider refused a request');
      ctx.type = 'text';
      ctx.body = `${out.error}\n`;
    },
  };
}
