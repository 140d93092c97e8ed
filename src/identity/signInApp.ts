import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Account } from '../access/types.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Urls } from '../urls.ts';
import { hubSessionCookie } from './cookies.ts';
import type { CookieNames } from './cookies.ts';
import type { Csrf } from './csrf.ts';
import type { SignInLinks } from './links.ts';
import type { LoginStates } from './loginState.ts';
import type { OidcClient } from './oidcClient.ts';
import { safeReturnPath } from './returnUrl.ts';
import type { SessionKeeper } from './sessions.ts';
import type { Identify } from './types.ts';
import type { IdentityView, RenderView } from './views.ts';

/** `/login`, `/logout`, `/oauth_callback` and `/jwks.json`, relative to `<base>/hub`. */
export interface SignInParts {
  urls: Urls;
  cookies: CookieNames;
  links: SignInLinks;
  logins: LoginStates;
  client: OidcClient;
  sessions: SessionKeeper;
  identify: Identify;
  csrf: Csrf;
  render: RenderView;
  /** Headers of what `render` makes: its Content-Security-Policy above all. */
  pageHeaders: Readonly<Record<string, string>>;
  lifetimeS: number;
  find(name: string): Promise<Account | undefined>;
  isBlocked(account: string): boolean;
  /** Tells the built-in provider who the sign-in of that `state` is for. */
  grant(state: string, account: string): void;
  publicKeys(): object;
  log: { warn(fields: object, message: string): void };
}

const html = { 'content-type': 'text/html; charset=utf-8' };

export function createSignInApp(parts: SignInParts): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store');
    // Not `no-referrer`: from such a page browsers send forms with `Origin: null` (Fetch, 3.2), which we refuse.
    c.header('referrer-policy', 'same-origin');
    c.header('x-frame-options', 'DENY');
  });
  app.get('/login', (c) => showLogin(c, parts));
  app.post('/login', (c) => takeLink(c, parts));
  app.get('/oauth_callback', (c) => finishLogin(c, parts));
  app.get('/logout', (c) => showLogout(c, parts));
  app.post('/logout', (c) =>
    isOurs(c, parts) ? signOut(c, parts) : fail(c, parts, new GatewayError('access.origin')),
  );
  app.get('/jwks.json', (c) => {
    c.header('cache-control', 'public, max-age=300');
    return c.json(parts.publicKeys());
  });
  app.onError((error, c) => fail(c, parts, toGatewayError(error)));
  return app;
}

async function showLogin(c: Context, parts: SignInParts): Promise<Response> {
  const next = nextOf(c.req.query('next'), parts);
  const link = c.req.query('link');
  if (link === undefined) {
    const who = await parts.identify({ cookie: c.req.header('cookie'), authorization: undefined });
    return who.ok ? c.redirect(next, 303) : show(c, parts, { kind: 'sign-in' });
  }
  const account = await accountOf(parts.links.peek(link), parts);
  if (account === undefined) return fail(c, parts, new GatewayError('auth.link'));
  return show(c, parts, {
    kind: 'confirm-link',
    displayName: account.displayName,
    action: parts.urls.hub('login'),
    fields: { link, next },
  });
}

async function takeLink(c: Context, parts: SignInParts): Promise<Response> {
  if (!isOurs(c, parts)) return fail(c, parts, new GatewayError('access.origin'));
  const form = await c.req.parseBody();
  const link = typeof form['link'] === 'string' ? form['link'] : '';
  const account = await accountOf(parts.links.peek(link), parts);
  if (account === undefined) return fail(c, parts, new GatewayError('auth.link'));
  const begun = await parts.client.begin();
  if (parts.links.take(link) === undefined) return fail(c, parts, new GatewayError('auth.link'));
  parts.grant(begun.state, account.name);
  const next = nextOf(typeof form['next'] === 'string' ? form['next'] : undefined, parts);
  for (const cookie of await parts.logins.keep({ ...begun, next }, c.req.header('cookie')))
    c.header('set-cookie', cookie, { append: true });
  return c.redirect(begun.url.href, 303);
}

async function finishLogin(c: Context, parts: SignInParts): Promise<Response> {
  const state = c.req.query('state') ?? '';
  const login = await parts.logins.find(state, c.req.header('cookie'));
  if (login === undefined) {
    const why = 'no sign-in under way in this browser for that state';
    return fail(c, parts, new GatewayError('auth.invalid', { facts: { why } }));
  }
  const callback = new URL(parts.urls.hub('oauth_callback') + new URL(c.req.url).search, parts.urls.origin);
  const signIn = await parts.client.finish(callback, login);
  const account = await parts.find(signIn.subject);
  if (account === undefined) return fail(c, parts, new GatewayError('auth.no-account'));
  if (parts.isBlocked(account.name)) return fail(c, parts, new GatewayError('auth.blocked'));
  const session = await parts.sessions.start({
    account: account.name,
    uid: account.uid,
    issuer: signIn.issuer,
    userAgent: c.req.header('user-agent') ?? '',
  });
  const kept = `Max-Age=${parts.lifetimeS}`;
  c.header('set-cookie', parts.logins.drop(state), { append: true });
  setCookie(c, parts, `${parts.cookies.session}=${session.token}; ${kept}`);
  setCookie(c, parts, `${hubSessionCookie}=${session.id}; ${kept}`);
  return c.redirect(login.next, 303);
}

/** A click on a link of ours, or the typed address, signs out; from elsewhere the visitor is asked first. */
async function showLogout(c: Context, parts: SignInParts): Promise<Response> {
  const site = c.req.header('sec-fetch-site');
  const ahead = c.req.header('sec-purpose') !== undefined;
  if (!ahead && (site === 'same-origin' || site === 'none')) return signOut(c, parts);
  return show(c, parts, { kind: 'confirm-sign-out', action: parts.urls.hub('logout'), fields: {} });
}

async function signOut(c: Context, parts: SignInParts): Promise<Response> {
  const who = await parts.identify({ cookie: c.req.header('cookie'), authorization: undefined });
  if (who.ok) await parts.sessions.revoke(who.value.sessionId, who.value.account.name, 'logout');
  for (const name of [parts.cookies.session, hubSessionCookie]) setCookie(c, parts, `${name}=; Max-Age=0`);
  return show(c, parts, { kind: 'signed-out', signInUrl: parts.urls.hub('login') });
}

function setCookie(c: Context, { urls }: SignInParts, pair: string): void {
  c.header('set-cookie', `${pair}; Path=/; HttpOnly; SameSite=Lax${urls.secure ? '; Secure' : ''}`, { append: true });
}

function isOurs(c: Context, { csrf }: SignInParts): boolean {
  const [fetchSite, origin, host] = [c.req.header('sec-fetch-site'), c.req.header('origin'), c.req.header('host')];
  return csrf.check({ method: c.req.method, fetchSite, origin, host }).ok;
}

function nextOf(asked: string | undefined, { urls }: SignInParts): string {
  return safeReturnPath(asked, { origin: urls.origin, base: urls.base.slice(0, -1) });
}

async function accountOf(name: string | undefined, parts: SignInParts): Promise<Account | undefined> {
  return name === undefined ? undefined : parts.find(name);
}

function show(c: Context, parts: SignInParts, view: IdentityView): Response {
  return c.body(parts.render(view), 200, { ...html, ...parts.pageHeaders });
}

function fail(c: Context, parts: SignInParts, error: GatewayError): Response {
  parts.log.warn({ code: error.code, ...error.facts, err: error.cause }, 'sign-in refused');
  const page = parts.render({ kind: 'error', error, signInUrl: parts.urls.hub('login') });
  return c.body(page, error.status as 400, { ...html, ...parts.pageHeaders });
}
