import type { IncomingMessage } from 'node:http';
import type { Hono } from 'hono';
import type { Account } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import { callerOfSudo } from '../config/overrides.ts';
import type { Config } from '../config/schema.ts';
import type { GatewayError } from '../errors.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { Events } from '../telemetry/events.ts';
import { createUrls } from '../urls.ts';
import type { Accounts } from './accounts.ts';
import { createBuiltIn } from './builtIn.ts';
import { isOwnCookie, ownCookieNames } from './cookies.ts';
import { createCsrf } from './csrf.ts';
import type { Csrf } from './csrf.ts';
import { createIdentify } from './identify.ts';
import type { Verifications } from './identify.ts';
import { watchKeyAge } from './keyAge.ts';
import { openKeyring } from './keyring.ts';
import type { Keyring } from './keyring.ts';
import { createLinkHosts } from './linkHosts.ts';
import { createSignInLinks } from './links.ts';
import { createLoginStates } from './loginState.ts';
import type { PamPool } from './pam.ts';
import { createPasswordPage } from './passwordPage.ts';
import { createSiteAccounts } from './siteAccounts.ts';
import type { ProviderHandler } from './provider.ts';
import { startRenewals } from './renewals.ts';
import { createSessions } from './sessions.ts';
import type { Sessions } from './sessions.ts';
import { createSignInApp } from './signInApp.ts';
import { checkSignIn, createSitePam, takesPasswords } from './signInMethods.ts';
import { createSiteOidc } from './siteOidc.ts';
import { createSiteVerifier } from './siteVerifier.ts';
import { firstRunLinks } from './firstRunLinks.ts';
import type { PrintedLink } from './firstRunLinks.ts';
import { createSessionOf } from './staleSession.ts';
import { createTokenHolders } from './tokenHolders.ts';
import { createTries } from './tries.ts';
import type { Identify } from './types.ts';
import { renderPlain } from './views.ts';
import { createVouch } from './vouch.ts';
import type { Vouch } from './vouch.ts';
import type { RenderView } from './views.ts';

export interface IdentityOptions {
  config: Config;
  publicUrl: string;
  /** How to reach our own listener: `http://127.0.0.1:8000`. Needed where `fetchOwn` is not given. */
  localOrigin?: () => string;
  /** Fetches from the built-in provider, whatever host the URL names. */
  fetchOwn?: ((url: string, init?: object) => Promise<Response>) | undefined;
  /** Whom a request comes from, as far as trusted proxies tell. */
  clientOf(request: IncomingMessage): { address: string };
  /** No configuration: people sign in by links from the terminal. Default false. */
  firstRun?: boolean;
  dataDir: string;
  store: Store<AdminData, StateData>;
  accounts: Accounts;
  /** Threads for PAM, made when the first password comes. */
  pamPool: () => PamPool;
  clock: Clock;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  events?: Events;
  /** Why this account may not sign in now. */
  closedTo?: (account: Account) => GatewayError | undefined;
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
  vouch: Vouch;
  /** Cookies that prove who somebody is, ours and those of the site's single sign-on: no upstream may see one. */
  isCredentialCookie(name: string): boolean;
  /** Headers that do, lower case. */
  credentialHeaders: readonly string[];
  /** How often a token was looked at, and what came of it. */
  verifications(): Readonly<Verifications>;
  /** What the person at the terminal must know of how people sign in here. */
  notes: readonly string[];
  close(): void;
}

const linkLifetimeMs = 3_600_000;

/** Who is asking, and how they sign in. Throws `SetupError` where keys, files or settings will not do. */
export async function createIdentity(options: IdentityOptions): Promise<IdentityRoom> {
  const { clock, config, store, accounts, log, dataDir, firstRun = false } = options;
  const { identity } = config;
  const { lifetimeS, skewS } = identity.session;
  checkSignIn({ config, firstRun });
  const urls = createUrls(options.publicUrl);
  const at = (path: string): string => urls.origin + urls.hub(path);
  const issuer = urls.origin + urls.hub('').slice(0, -1);
  const cookies = ownCookieNames(urls.secure);
  const keyring = await openKeyring({ dataDir, clock, keepMs: (lifetimeS + skewS) * 1000 });
  const csrf = createCsrf({ secret: keyring.loginSecret, publicOrigin: urls.origin });
  const sessions = createSessions({ store, keyring, clock, issuer, lifetimeMs: lifetimeS * 1000, log });
  const isBlocked = (account: string): boolean => store.admin.data.accounts[account]?.blocked === true;
  const mappings = [...identity.issuers, ...(identity.oidc === undefined ? [] : [identity.oidc])];
  const people = createSiteAccounts({
    accounts,
    mappings: new Map(mappings.map((one) => [one.issuer, one])),
    adminGroups: config.access.adminGroups,
    allowGroups: identity.allowGroups,
    contact: identity.contact,
  });

  const forget = (): void => identify.forget();
  const site = await createSiteVerifier({
    config: identity,
    issuer,
    cookies,
    keyring,
    clock,
    log,
    events: options.events,
    onKeysChange: forget,
  });
  const identify = createIdentify({
    verifier: site.verifier,
    sources: site.sources,
    clock,
    ...createTokenHolders({ issuer, people, sessions }),
    isLive: (id) => sessions.isLive(id),
    isBlocked,
  });
  const stops = [
    sessions.onEnd(forget),
    sessions.onGroups(forget),
    store.admin.onChange(forget),
    watchKeyAge({ keyring, clock, log }),
  ];

  const { render = renderPlain, pageHeaders = {}, events } = options;
  const shown = { render, pageHeaders, events };
  const pam = takesPasswords(identity, firstRun) ? await createSitePam(options) : undefined;
  const { perAccount, perAddress, windowS } = identity.tries;
  const tries = createTries({ clock, perAccount, perAddress, windowMs: windowS * 1000 });
  const failDelayMs = identity.pam.failDelayS * 1000;
  const builtIn = createBuiltIn({
    issuer: at('oidc'),
    redirectUri: at('oauth_callback'),
    fetchOwn:
      options.fetchOwn ??
      ((url, init) => fetch(url.replace(urls.origin, options.localOrigin?.() ?? urls.origin), init)),
    clientOf: (request) => options.clientOf(request),
    keyring,
    clock,
    skewS,
    askPassword:
      pam && createPasswordPage({ pam, tries, people, isBlocked, csrf, clock, urls, failDelayMs, log, ...shown }),
    log,
  });
  const { oidc: provider } = identity;
  const oidc =
    provider && (await createSiteOidc({ config: provider, urls, secret: keyring.loginSecret, clock, skewS, log }));
  if (oidc !== undefined && provider?.renew === true)
    stops.push(
      startRenewals({
        oidc,
        sessions,
        people,
        clock,
        log,
        everyMs: provider.renewEveryS * 1000,
        lifetimeMs: lifetimeS * 1000,
        groupsMaxAgeMs: provider.groupsMaxAgeS * 1000,
        live: () => sessions.live(),
      }),
    );
  const links = firstRun ? createSignInLinks({ clock, lifetimeMs: linkLifetimeMs }) : undefined;
  const app = createSignInApp({
    urls,
    cookies,
    clock,
    links,
    isLinkHost: createLinkHosts({ origin: urls.origin, any: identity.links.dangerouslyBeyondLoopback }),
    passwords: pam !== undefined,
    logins: createLoginStates({
      secret: keyring.loginSecret,
      clock,
      cookiePrefix: cookies.login,
      secure: urls.secure,
    }),
    client: builtIn.client,
    oidc,
    issuers: identity.issuers,
    sessions,
    identify,
    sessionOf: createSessionOf({ cookieName: cookies.session, issuer, keys: keyring.source }),
    csrf,
    ...shown,
    people,
    isBlocked,
    closedTo: options.closedTo,
    publicKeys: () => keyring.publicSet(),
    log,
  });
  return {
    identify,
    app,
    provider: builtIn.handler,
    signInLinks: async () =>
      links === undefined
        ? []
        : firstRunLinks({
            accounts,
            sudoUser: callerOfSudo(),
            log,
            issue: (account) => `${at('login')}?link=${links.issue(account)}`,
          }),
    sessions,
    csrf,
    keyring,
    vouch: createVouch({ keyring, issuer, clock }),
    isCredentialCookie: (name) => isOwnCookie(name) || site.sources.some(({ cookie }) => cookie === name),
    credentialHeaders: site.sources.flatMap(({ header }) => header ?? []),
    verifications: () => identify.verifications,
    notes: pam?.onlyFor === undefined ? [] : [ownUserNote(pam.onlyFor)],
    close() {
      for (const stop of stops) stop();
      sessions.close();
      pam?.close().catch(() => undefined);
    },
  };
}

function ownUserNote(account: string): string {
  return `Not run as root, so only ${account} can sign in by password: PAM checks no other's.`;
}
