import { randomBytes } from 'node:crypto';
import type { Hono } from 'hono';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { GatewayError } from '../errors.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import { createUrls } from '../urls.ts';
import type { Accounts } from './accounts.ts';
import { ownCookieNames } from './cookies.ts';
import { createCsrf } from './csrf.ts';
import type { Csrf } from './csrf.ts';
import { createIdentify } from './identify.ts';
import { openKeyring } from './keyring.ts';
import type { Keyring } from './keyring.ts';
import { createSignInLinks } from './links.ts';
import { createLoginStates } from './loginState.ts';
import { createOidcClient } from './oidcClient.ts';
import { createProvider } from './provider.ts';
import type { InteractionVisit, ProviderHandler } from './provider.ts';
import { createSessions, sessionAudience, sessionTokenType } from './sessions.ts';
import type { Sessions } from './sessions.ts';
import { createSignInApp } from './signInApp.ts';
import { firstRunLinks } from './firstRunLinks.ts';
import type { PrintedLink } from './firstRunLinks.ts';
import { createTokenCache } from './tokenCache.ts';
import type { Identify } from './types.ts';
import { createVerifier } from './verify.ts';
import { renderPlain } from './views.ts';
import type { RenderView } from './views.ts';

export interface IdentityOptions {
  config: Config;
  publicUrl: string;
  /** How to reach our own listener: `http://127.0.0.1:8000`. Needed where `fetchOwn` is not given. */
  localOrigin?: () => string;
  /** Fetches from the built-in provider, whatever host the URL names. */
  fetchOwn?: ((url: string, init?: object) => Promise<Response>) | undefined;
  dataDir: string;
  store: Store<AdminData, StateData>;
  accounts: Accounts;
  clock: Clock;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  render?: RenderView;
  /** Headers of what `render` makes. */
  pageHeaders?: Readonly<Record<string, string>>;
}

export interface IdentityRoom {
  identify: Identify;
  /** Mount at `<base>/hub`. */
  app: Hono;
  /** Everything under `<base>/hub/oidc/`. */
  provider: ProviderHandler;
  /** New links each time; those printed before stay good until used or expired. */
  signInLinks(): Promise<PrintedLink[]>;
  sessions: Sessions;
  csrf: Csrf;
  keyring: Keyring;
  close(): void;
}

const clientId = 'cylc-gateway';
const linkLifetimeMs = 3_600_000;
/** Between the click on the button and the provider's question who it was, ms. */
const grantLifetimeMs = 60_000;

/** Who is asking, and how they sign in. Throws `SetupError` where the keys in `dataDir` will not do. */
export async function createIdentity(options: IdentityOptions): Promise<IdentityRoom> {
  const { clock, store, accounts, log } = options;
  const { lifetimeS, skewS } = options.config.identity.session;
  const urls = createUrls(options.publicUrl);
  const at = (path: string): string => urls.origin + urls.hub(path);
  const keyring = await openKeyring({ dataDir: options.dataDir, clock, keepMs: (lifetimeS + skewS) * 1000 });
  const issuer = urls.origin + urls.hub('').slice(0, -1);
  const sessions = createSessions({ store, keyring, clock, issuer, lifetimeMs: lifetimeS * 1000, log });
  const cookies = ownCookieNames(urls.secure);
  const csrf = createCsrf({ secret: keyring.loginSecret, publicOrigin: urls.origin });
  const isBlocked = (account: string): boolean => store.admin.data.accounts[account]?.blocked === true;
  const find = accounts.find.bind(accounts);
  const verifier = createVerifier({
    issuers: [
      {
        issuer,
        audience: [sessionAudience],
        algorithms: ['EdDSA'],
        keys: keyring.source,
        typ: sessionTokenType,
      },
    ],
    clock,
    skewS,
  });
  const identify = createIdentify({
    verifier,
    clock,
    cookieName: cookies.session,
    isLive: (id) => sessions.isLive(id),
    isBlocked,
    find,
  });
  const stopForgetting = store.admin.onChange(() => identify.forget());
  const clientSecret = randomBytes(32).toString('base64url');
  const grants = createTokenCache<string>(1000);
  const provider = createProvider({
    issuer: at('oidc'),
    clientId,
    clientSecret,
    redirectUri: at('oauth_callback'),
    keys: keyring.provider,
    cookieKeys: [randomBytes(32).toString('base64url')],
    clock,
    interact: (visit) => interact(visit, (state) => grants.get(state, clock.now())),
    onError: (error, what) => log.warn({ err: error }, what),
  });
  const links = createSignInLinks({ clock, lifetimeMs: linkLifetimeMs });
  const app = createSignInApp({
    urls,
    cookies,
    links,
    logins: createLoginStates({
      secret: keyring.loginSecret,
      clock,
      cookiePrefix: cookies.login,
      secure: urls.secure,
    }),
    client: createOidcClient({
      issuer: at('oidc'),
      clientId,
      clientSecret,
      redirectUri: at('oauth_callback'),
      scope: 'openid',
      clock,
      dangerouslyAllowHttp: true,
      fetch:
        options.fetchOwn ??
        ((url, init) => fetch(url.replace(urls.origin, options.localOrigin?.() ?? urls.origin), init as RequestInit)),
      skewS,
    }),
    sessions,
    identify,
    csrf,
    render: options.render ?? renderPlain,
    pageHeaders: options.pageHeaders ?? {},
    lifetimeS,
    find,
    isBlocked,
    grant: (state, account) => grants.set(state, account, clock.now() + grantLifetimeMs),
    publicKeys: () => keyring.publicSet(),
    log,
  });
  return {
    identify,
    app,
    provider,
    signInLinks: () => firstRunLinks({ accounts, issue: (account) => `${at('login')}?link=${links.issue(account)}` }),
    sessions,
    csrf,
    keyring,
    close() {
      stopForgetting();
      sessions.close();
    },
  };
}

/** The provider asks who it is: whoever the sign-in of that `state` was begun for by a link. */
async function interact(visit: InteractionVisit, accountOf: (state: string) => string | undefined): Promise<void> {
  const { state } = visit.interaction.params;
  const account = typeof state === 'string' ? accountOf(state) : undefined;
  if (account !== undefined) return visit.finish(account);
  const error = new GatewayError('auth.link');
  visit.response.writeHead(error.status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
  visit.response.end(`${error.message} ${error.advice}\n`);
}
