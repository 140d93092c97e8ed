import { Hono } from 'hono';
import type { Context } from 'hono';
import type { AccessDecision, Account, Identity, Target } from '../../access/types.ts';
import { GatewayError } from '../../errors.ts';
import { missingHubSession } from '../../identity/cookies.ts';
import { isNavigation } from '../../identity/csrf.ts';
import type { Identify } from '../../identity/types.ts';
import { readForm } from '../../listen/bodyFormats.ts';
import { bodyLimits } from '../../listen/requestBody.ts';
import type { Urls } from '../../urls.ts';
import type { Tokens } from '../tokens/createTokens.ts';
import type { Clients, OAuthClient } from './clients.ts';
import type { Codes } from './codes.ts';
import type { ConfirmTickets } from './confirmTickets.ts';
import { confirmPage } from './confirmPage.ts';

export interface AuthorizeDeps {
  urls: Urls;
  clients: Clients;
  codes: Codes;
  tickets: ConfirmTickets;
  tokens: Tokens;
  access: (identity: Identity, target: Target) => AccessDecision;
  identify: () => Identify | undefined;
  /** Told of each person who signs in at a server. */
  onSignIn: (account: Account) => void;
}

interface AuthorizeRequest {
  client: OAuthClient;
  state: string | undefined;
  challenge: string | undefined;
  /** OAuth error to send back to the client (RFC 6749, 4.1.2.1). */
  fault: string | undefined;
}

/** `GET` and `POST /oauth2/authorize`: a browser comes from a UI server and goes back to it with a code. */
export function createAuthorizeRoutes(deps: AuthorizeDeps): Hono {
  const app = new Hono();
  app.get('/oauth2/authorize', async (c) => {
    const identity = await signedIn(c, deps);
    if (identity === undefined) return c.redirect(signInPath(c, deps.urls), 302);
    const request = parseAuthorize(c, deps.clients);
    if (request.fault !== undefined) return goBack(c, request, { error: request.fault });
    const level = assertAllowed(deps, identity, request.client);
    if (
      level !== 'owner' &&
      request.client.noConfirm !== true &&
      !alreadyAgreed(deps.tokens, identity, request.client)
    ) {
      assertSeen(c);
      const ticket = deps.tickets.issue(identity.sessionId, request.client.id);
      return confirmPage(c, {
        client: request.client,
        visitor: identity.account,
        ticket,
        urls: deps.urls,
      });
    }
    return goBack(c, request, { code: grantCode(deps, identity, request) });
  });
  app.post('/oauth2/authorize', async (c) => {
    const identity = await signedIn(c, deps);
    if (identity === undefined) throw new GatewayError('auth.required');
    assertSeen(c);
    const request = parseAuthorize(c, deps.clients);
    const ticket = (await readForm(c, bodyLimits.form))['_xsrf'];
    if (ticket === undefined || !deps.tickets.take(ticket, identity.sessionId, request.client.id))
      throw new GatewayError('access.origin');
    if (request.fault !== undefined) return goBack(c, request, { error: request.fault });
    assertAllowed(deps, identity, request.client);
    return goBack(c, request, { code: grantCode(deps, identity, request) });
  });
  return app;
}

async function signedIn(c: Context, deps: AuthorizeDeps): Promise<Identity | undefined> {
  // A Hub token is no browser's sign-in: only cookies count here, and headers that the site's own proxy sets.
  const header = (name: string): string | undefined => c.req.header(name);
  const verified = await deps.identify()?.({ cookie: header('cookie'), authorization: undefined, header });
  if (verified?.ok === false && verified.error.status === 503) throw verified.error;
  if (verified?.ok !== true) return undefined;
  const cookie = missingHubSession(header('cookie'), verified.value.sessionId, deps.urls.secure);
  if (cookie !== undefined) c.header('set-cookie', cookie, { append: true });
  return verified.value;
}

/** A script of a server's page could read the question, and answer it in its visitor's stead. */
function assertSeen(c: Context): void {
  if (!isNavigation(c.req.header('sec-fetch-mode'))) throw new GatewayError('access.origin');
}

function signInPath(c: Context, urls: Urls): string {
  const { pathname, search } = new URL(c.req.url);
  return `${urls.hub('login')}?next=${encodeURIComponent(pathname + search)}`;
}

function parseAuthorize(c: Context, clients: Clients): AuthorizeRequest {
  const client = clients.find(c.req.query('client_id') ?? '');
  if (client === undefined)
    throw new GatewayError('request.invalid', {
      message: 'This sign-in was asked for by a program that the gateway does not know (any more).',
      advice: 'Open the server again from the home page.',
    });
  if (c.req.query('redirect_uri') !== client.redirectUri)
    throw new GatewayError('request.invalid', { message: 'This sign-in would lead to a wrong address.' });
  const challenge = c.req.query('code_challenge');
  return { client, state: c.req.query('state'), challenge, fault: faultOf(c, challenge) };
}

function faultOf(c: Context, challenge: string | undefined): string | undefined {
  if (c.req.query('response_type') === undefined) return 'invalid_request';
  if (c.req.query('response_type') !== 'code') return 'unsupported_response_type';
  // RFC 7636, 4.3: `plain` would show the verifier itself; no client of ours needs it.
  if (challenge !== undefined && c.req.query('code_challenge_method') !== 'S256') return 'invalid_request';
  return undefined;
}

function assertAllowed(deps: AuthorizeDeps, identity: Identity, client: OAuthClient): string {
  const decision = deps.access(identity, client.target);
  const code = client.target.kind === 'service' ? 'access.service' : 'access.denied';
  if (!decision.allowed) throw new GatewayError(code, { facts: { reason: decision.reason } });
  return decision.level;
}

/** Whoever holds a token for this client has agreed before. */
function alreadyAgreed(tokens: Tokens, identity: Identity, client: OAuthClient): boolean {
  const { name } = identity.account;
  return tokens.ofOwner(name).some((record) => record.kind === 'oauth' && record.clientId === client.id);
}

function grantCode(deps: AuthorizeDeps, identity: Identity, request: AuthorizeRequest): string {
  const { name } = identity.account;
  deps.onSignIn(identity.account);
  return deps.codes.issue({
    clientId: request.client.id,
    redirectUri: request.client.redirectUri,
    challenge: request.challenge,
    identity,
    scopes: [accessScope(request.client.target), `read:users:groups!user=${name}`, `read:users:name!user=${name}`],
  });
}

function accessScope(target: Target): string {
  return target.kind === 'server'
    ? `access:servers!server=${target.owner}/${target.name}`
    : `access:services!service=${target.name}`;
}

function goBack(c: Context, request: AuthorizeRequest, answer: Record<string, string>): Response {
  const query = new URLSearchParams(answer);
  if (request.state !== undefined) query.set('state', request.state);
  c.header('cache-control', 'no-store');
  return c.redirect(`${request.client.redirectUri}?${query.toString()}`, 302);
}
