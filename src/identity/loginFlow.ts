import type { Context } from 'hono';
import type { Identity } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import { isCrowded, missingHubSession } from './cookies.ts';
import { letIn } from './letIn.ts';
import { showLink } from './linkFlow.ts';
import type { LoginState } from './loginState.ts';
import { problemOf, turnsOf } from './loopGuard.ts';
import type { OidcSignIn } from './oidcClient.ts';
import { begin, credentialsOf, fail, nextOf, setCookie, setSession, show } from './signInParts.ts';
import type { SignInParts } from './signInParts.ts';
import { withoutQuery } from '../urls.ts';
import type { Verified } from './types.ts';

/** Signing in: the page or the way to it, and the way back. */

/** What a sign-in is called in the metrics and the audit trail. */
const methods = { 'built-in': 'password', site: 'oidc' } as const;
/** So often may a browser that is signed in be sent here within seconds before we say that something is wrong. */
const maxTurns = 4;

export async function showLogin(c: Context, parts: SignInParts): Promise<Response> {
  const next = nextOf(c.req.query('next'), parts);
  const link = c.req.query('link');
  if (link !== undefined) return showLink(c, parts, link, next);
  const who = await parts.identify(credentialsOf(c));
  if (who.ok) return goOn(c, parts, who.value, next);
  if (who.error.status !== 401) return fail(c, parts, who.error, who.reason);
  if (await resume(c, parts)) return c.redirect(next, 303);
  const by = c.req.query('with');
  if (by === undefined && c.req.query('turn') !== undefined) return explain(c, parts, who);
  return choose(c, parts, by, next);
}

/** Signed in already: on to where the visitor wants to go, unless that is where they just came from, again and again. */
function goOn(c: Context, parts: SignInParts, who: Identity, next: string): Response {
  const turns = turnsOf(c.req.header('cookie'), parts.cookies.turns, parts.clock.now());
  if (turns.count >= maxTurns) {
    setCookie(c, parts, `${parts.cookies.turns}=; Max-Age=0`);
    parts.log.warn({ account: who.account.name, next: withoutQuery(next) }, 'sign-in goes round in circles');
    return show(c, parts, { kind: 'loop', problem: 'front', ...clockAndLinks(parts) }, 508);
  }
  setCookie(c, parts, `${parts.cookies.turns}=${turns.next}; Max-Age=20`);
  const missing = missingHubSession(c.req.header('cookie'), who.sessionId, parts.urls.secure);
  if (missing !== undefined) c.header('set-cookie', missing, { append: true });
  return c.redirect(next, 303);
}

/** A session that was renewed in the background outlives the token in the browser, which then gets a new one. */
async function resume(c: Context, parts: SignInParts): Promise<boolean> {
  const id = await parts.sessionOf(c.req.header('cookie'));
  const record = id === undefined ? undefined : parts.sessions.get(id);
  const token = record === undefined ? undefined : await parts.sessions.tokenFor(record.id);
  if (record === undefined || token === undefined) return false;
  setSession(c, parts, { id: record.id, token, untilMs: Date.parse(record.expiresAt), renewable: true });
  return true;
}

function explain(c: Context, parts: SignInParts, who: Extract<Verified<Identity>, { ok: false }>): Response {
  parts.log.warn({ code: who.error.code, reason: who.reason }, 'back from the sign-in, and not signed in');
  const names = [parts.cookies.session, ...parts.issuers.flatMap(({ cookie }) => cookie ?? [])];
  const crowded = names.some((name) => isCrowded(c.req.header('cookie'), name));
  const problem = crowded ? 'crowded' : problemOf(who);
  return show(c, parts, { kind: 'loop', problem, ...clockAndLinks(parts) }, 401);
}

function clockAndLinks(parts: SignInParts): { now: string; signInUrl: string; signOutUrl: string | undefined } {
  return {
    now: new Date(parts.clock.now()).toISOString(),
    signInUrl: parts.urls.hub('login'),
    signOutUrl: parts.issuers.find(({ signOutUrl }) => signOutUrl !== undefined)?.signOutUrl,
  };
}

interface Way {
  id: string;
  label: string;
  go(): Promise<Response>;
}

/** One way: straight there. Several, or none: a page. */
async function choose(c: Context, parts: SignInParts, by: string | undefined, next: string): Promise<Response> {
  const ways = waysOf(c, parts, next);
  const way =
    ways.find(({ id }) => id === by) ?? (ways.length === 1 && parts.links === undefined ? ways[0] : undefined);
  if (way !== undefined) return way.go();
  const query = new URLSearchParams({ next });
  const choices = ways.map(({ id, label }) => ({
    label,
    href: `${parts.urls.hub('login')}?with=${id}&${query.toString()}`,
  }));
  return show(c, parts, { kind: 'sign-in', links: parts.links !== undefined, choices });
}

function waysOf(c: Context, parts: SignInParts, next: string): Way[] {
  const ways: Way[] = [];
  const { oidc, client } = parts;
  if (oidc !== undefined)
    ways.push({
      id: 'provider',
      label: `Sign in with ${oidc.title}`,
      go: async () => begin(c, parts, { ...(await oidc.client.begin()), by: 'site', next }),
    });
  for (const [index, { signInUrl, issuer }] of parts.issuers.entries())
    if (signInUrl !== undefined)
      ways.push({
        id: `issuer-${index}`,
        label: `Sign in at ${new URL(URL.canParse(issuer) ? issuer : signInUrl).host}`,
        go: async () => c.redirect(signInUrl.replaceAll(/\{next\}|%7Bnext%7D/gi, backTo(parts, next)), 303),
      });
  if (parts.passwords)
    ways.push({
      id: 'password',
      label: 'Sign in with your system account',
      go: async () => begin(c, parts, { ...(await client.begin()), by: 'built-in', next }),
    });
  return ways;
}

/** The way back comes by here, so that a sign-in that did not take is explained and not begun again. */
function backTo({ urls }: SignInParts, next: string): string {
  const query = new URLSearchParams({ turn: '1', next });
  return encodeURIComponent(`${urls.origin}${urls.hub('login')}?${query.toString()}`);
}

export async function finishLogin(c: Context, parts: SignInParts): Promise<Response> {
  const state = c.req.query('state') ?? '';
  const login = await parts.logins.find(state, c.req.header('cookie'));
  if (login === undefined) {
    const why = 'no sign-in under way in this browser for that state';
    const advice = 'Sign in again, in one browser, within a quarter of an hour, and with cookies allowed.';
    return fail(c, parts, new GatewayError('auth.invalid', { advice, facts: { why } }));
  }
  c.header('set-cookie', parts.logins.drop(state), { append: true });
  const client = login.by === 'site' ? parts.oidc?.client : parts.client;
  if (client === undefined) return fail(c, parts, new GatewayError('auth.invalid', { facts: { why: 'no provider' } }));
  const callback = new URL(parts.urls.hub('oauth_callback') + new URL(c.req.url).search, parts.urls.origin);
  const signIn = await client.finish(callback, login);
  return enter(c, parts, { signIn, login });
}

async function enter(
  c: Context,
  parts: SignInParts,
  { signIn, login }: { signIn: OidcSignIn; login: LoginState },
): Promise<Response> {
  const site = login.by === 'site' ? parts.oidc : undefined;
  const found =
    site === undefined
      ? await parts.people.byName(signIn.subject)
      : await parts.people.byClaims(signIn.issuer, signIn.claims);
  const method = methods[login.by];
  if (!found.ok) return fail(c, parts, found.error, found.reason, { method, account: signIn.subject });
  const issuer = signIn.issuer;
  return letIn(c, parts, found.account, { method, issuer, kept: await site?.toKeep(signIn), next: login.next });
}
