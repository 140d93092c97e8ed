import type { Context } from 'hono';
import type { Account } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { IssuerConfig } from '../config/sections/identityIssuers.ts';
import { GatewayError } from '../errors.ts';
import type { Events, SignInMethod } from '../telemetry/events.ts';
import type { Urls } from '../urls.ts';
import { hubSessionCookie } from './cookies.ts';
import type { CookieNames } from './cookies.ts';
import { isNavigation } from './csrf.ts';
import type { Csrf } from './csrf.ts';
import type { SignInLinks } from './links.ts';
import type { LoginState, LoginStates } from './loginState.ts';
import type { OidcClient } from './oidcClient.ts';
import type { SiteAccounts } from './siteAccounts.ts';
import { safeReturnPath } from './returnUrl.ts';
import type { SessionKeeper } from './sessions.ts';
import type { SiteOidc } from './siteOidc.ts';
import type { Credentials, Identify } from './types.ts';
import type { IdentityView, RenderView } from './views.ts';

/** What the pages of signing in and out are made of. */
export interface SignInParts {
  urls: Urls;
  cookies: CookieNames;
  clock: Clock;
  /** Undefined unless this is a first run. */
  links: SignInLinks | undefined;
  /** Whether this `Host` is one that the links were printed for. */
  isLinkHost(host: string | undefined): boolean;
  /** Whether system passwords are taken. */
  passwords: boolean;
  logins: LoginStates;
  /** The gateway as a client of the built-in provider. */
  client: OidcClient;
  /** The site's own provider. */
  oidc: SiteOidc | undefined;
  issuers: readonly IssuerConfig[];
  sessions: SessionKeeper;
  identify: Identify;
  /** The id of the session that this cookie was made for, whether or not the token in it has expired. */
  sessionOf(cookie: string | undefined): Promise<string | undefined>;
  csrf: Csrf;
  render: RenderView;
  /** Headers of what `render` makes: its Content-Security-Policy above all. */
  pageHeaders: Readonly<Record<string, string>>;
  people: SiteAccounts;
  isBlocked(account: string): boolean;
  closedTo?: ((account: Account) => GatewayError | undefined) | undefined;
  publicKeys(): object;
  events?: Events | undefined;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

const html = { 'content-type': 'text/html; charset=utf-8' };

export function show(c: Context, parts: SignInParts, view: IdentityView, status = 200): Response {
  return c.body(parts.render(view), status as 200, { ...html, ...parts.pageHeaders });
}

/** A refusal in the public words of its code; what is behind it goes to the log alone. */
export function fail(
  c: Context,
  parts: SignInParts,
  error: GatewayError,
  reason?: string,
  of: { method?: SignInMethod; account?: string } = {},
): Response {
  const cause = error.cause instanceof Error ? error.cause.message : undefined;
  parts.log.warn({ code: error.code, reason, ...error.facts, cause }, 'sign-in refused');
  const { method = error.code === 'auth.link' ? 'link' : 'unknown', account } = of;
  parts.events?.emit('signIn', { ok: false, method, account, code: error.code, reason });
  return show(c, parts, { kind: 'error', error, signInUrl: parts.urls.hub('login') }, error.status);
}

export function credentialsOf(c: Context): Credentials {
  return { cookie: c.req.header('cookie'), authorization: undefined, header: (name) => c.req.header(name) };
}

export function nextOf(asked: string | undefined, { urls }: Pick<SignInParts, 'urls'>): string {
  return safeReturnPath(asked, { origin: urls.origin, base: urls.base.slice(0, -1) });
}

export function setCookie(c: Context, { urls }: SignInParts, pair: string): void {
  c.header('set-cookie', `${pair}; Path=/; HttpOnly; SameSite=Lax${urls.secure ? '; Secure' : ''}`, { append: true });
}

/** Of a session that is renewed in the background, the browser keeps the last token so much longer, ms. */
const renewableMs = 30 * 24 * 3_600_000;

/** `untilMs`: when the session ends, ms since 1970. */
export function setSession(
  c: Context,
  parts: SignInParts,
  session: { id: string; token: string; untilMs: number; renewable: boolean },
): void {
  const leftMs = session.untilMs - parts.clock.now() + (session.renewable ? renewableMs : 0);
  const kept = `Max-Age=${Math.max(1, Math.round(leftMs / 1000))}`;
  setCookie(c, parts, `${parts.cookies.session}=${session.token}; ${kept}`);
  setCookie(c, parts, `${hubSessionCookie}=${session.id}; ${kept}`);
}

export function isOurs(c: Context, { csrf }: SignInParts): boolean {
  if (!isNavigation(c.req.header('sec-fetch-mode'))) return false;
  const [fetchSite, origin, host] = [c.req.header('sec-fetch-site'), c.req.header('origin'), c.req.header('host')];
  return csrf.check({ method: c.req.method, fetchSite, origin, host }).ok;
}

/** Sends the browser to a provider, and has it remember the sign-in until it is back. */
export async function begin(c: Context, parts: SignInParts, login: LoginState & { url: URL }): Promise<Response> {
  const { state, nonce, verifier, next, by } = login;
  for (const cookie of await parts.logins.keep({ state, nonce, verifier, next, by }, c.req.header('cookie')))
    c.header('set-cookie', cookie, { append: true });
  return c.redirect(login.url.href, 303);
}
