import type { Context } from 'hono';
import { readForm } from '../listen/bodyFormats.ts';
import { bodyLimits } from '../listen/requestBody.ts';
import { hubSessionCookie } from './cookies.ts';
import { credentialsOf, setCookie, show } from './signInParts.ts';
import type { SignInParts } from './signInParts.ts';
import type { LiveSession } from './sessionRecords.ts';

/** Signing out: here, everywhere, and at the provider. */

/** A click on a link of ours, or the typed address, signs out; from elsewhere the visitor is asked first. */
export async function showLogout(c: Context, parts: SignInParts): Promise<Response> {
  const site = c.req.header('sec-fetch-site');
  const ahead = c.req.header('sec-purpose') !== undefined;
  // A picture or script on a UI server's page, which may be somebody else's, is no click.
  const click = (c.req.header('sec-fetch-dest') ?? 'document') === 'document';
  if (click && !ahead && (site === 'same-origin' || site === 'none')) return signOut(c, parts);
  return show(c, parts, { kind: 'confirm-sign-out', action: parts.urls.hub('logout'), fields: {} });
}

/** With the field `everywhere`, all sessions of the account end. */
export async function signOut(c: Context, parts: SignInParts): Promise<Response> {
  const who = await parts.identify(credentialsOf(c));
  const everywhere = c.req.method === 'POST' && (await readForm(c, bodyLimits.anonymous))['everywhere'] !== undefined;
  let elsewhere: Elsewhere;
  if (who.ok) {
    const { account, sessionId } = who.value;
    elsewhere = await elsewhereOf(parts, parts.sessions.get(sessionId));
    if (everywhere) await parts.sessions.revokeAll(account.name, account.name, 'logout');
    else await parts.sessions.revoke(sessionId, account.name, 'logout');
  }
  for (const name of [parts.cookies.session, hubSessionCookie]) setCookie(c, parts, `${name}=; Max-Age=0`);
  // By this header and not by a redirect: browsers hold redirects of a form to `form-action` of our policy.
  if (elsewhere?.leave === true) c.header('refresh', `0; url=${elsewhere.href}`);
  return show(c, parts, { kind: 'signed-out', signInUrl: parts.urls.hub('login'), elsewhere });
}

type Elsewhere = { title: string; href: string; leave: boolean } | undefined;

/** Where the sign-in that this session came from can be ended too. */
async function elsewhereOf(parts: SignInParts, session: LiveSession | undefined): Promise<Elsewhere> {
  if (session === undefined) return undefined;
  if (session.kind !== 'external') return parts.oidc?.logoutOf(session);
  const issuer = parts.issuers.find((one) => one.issuer === session.issuer);
  if (issuer?.signOutUrl === undefined) return undefined;
  return { title: `Sign out at ${new URL(issuer.signOutUrl).host} too`, href: issuer.signOutUrl, leave: false };
}

/** The provider has ended its session and sends the browser back (OpenID Connect RP-Initiated Logout 1.0, 3). */
export function afterProviderLogout(c: Context, parts: SignInParts): Response {
  return show(c, parts, { kind: 'signed-out', signInUrl: parts.urls.hub('login') });
}

/** The provider tells by itself that somebody signed out there (OpenID Connect Back-Channel Logout 1.0, 2.5 to 2.8). */
export async function backChannelLogout(c: Context, parts: SignInParts): Promise<Response> {
  const token = (await readForm(c, bodyLimits.anonymous))['logout_token'];
  const notice = token === undefined ? undefined : await parts.oidc?.logoutNotice(token);
  if (notice?.ok !== true) {
    parts.log.warn({ reason: notice?.reason ?? 'no token, or no provider' }, 'back-channel logout refused');
    return c.json({ error: 'invalid_request' }, 400);
  }
  const { sid, subject, issuer } = notice;
  const ended = await parts.sessions.endWhere(
    ({ provider, issuer: of }) =>
      of === issuer &&
      (subject === undefined || provider?.subject === subject) &&
      (sid === undefined || provider?.sid === sid),
    'provider',
    'provider',
  );
  parts.log.info({ ended }, 'back-channel logout');
  return c.body(null, 200);
}
