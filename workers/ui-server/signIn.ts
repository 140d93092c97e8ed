import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HubClient, Visitor } from './hubClient.ts';
import type { Settings } from './settings.ts';
import { cookieOf, signValue, verifyValue } from './signedCookie.ts';

/** Signs visitors in through the Hub, as hubapp does: code flow with state and PKCE, then a login cookie. */
export interface SignIn {
  visitor(request: IncomingMessage): Promise<Visitor | undefined>;
  begin(request: IncomingMessage, response: ServerResponse): void;
  /** The browser comes back from the Hub with a code. */
  finish(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

const stateLifetimeMs = 600_000;

export function createSignIn(settings: Settings, hub: HubClient): SignIn {
  const secret = randomBytes(32);
  const pending = new Map<string, { verifier: string; next: string; until: number }>();
  const { clientId, prefix } = settings;
  const redirectUri = settings.callbackUrl ?? `${prefix}oauth_callback`;
  const stateCookie = `${clientId}-oauth-state`;
  const cookie = (name: string, value: string, maxAgeS: number) =>
    `${name}=${value}; HttpOnly; Path=${prefix}; SameSite=Lax; Max-Age=${maxAgeS}`;

  return {
    async visitor(request) {
      const token = verifyValue(secret, clientId, cookieOf(request.headers.cookie, clientId));
      return token === undefined ? undefined : hub.whoIs(token);
    },
    begin(request, response) {
      for (const [state, entry] of pending) if (entry.until < Date.now()) pending.delete(state);
      const state = randomBytes(24).toString('base64url');
      const verifier = randomBytes(32).toString('base64url');
      pending.set(state, { verifier, next: request.url ?? prefix, until: Date.now() + stateLifetimeMs });
      const query = new URLSearchParams({
        client_id: clientId,
        redirect_uri: redirectUri,
        response_type: 'code',
        state,
      });
      query.set('code_challenge', createHash('sha256').update(verifier).digest('base64url'));
      query.set('code_challenge_method', 'S256');
      redirect(response, `${settings.hubPath}api/oauth2/authorize?${query.toString()}`, [
        cookie(stateCookie, signValue(secret, stateCookie, state), stateLifetimeMs / 1000),
      ]);
    },
    async finish(request, response) {
      const query = new URL(request.url ?? '', 'http://server').searchParams;
      const state = query.get('state') ?? '';
      const entry = pending.get(state);
      const ours = verifyValue(secret, stateCookie, cookieOf(request.headers.cookie, stateCookie)) === state;
      if (entry === undefined || !ours) return fail(response, 403, 'This sign-in was not begun in this browser.');
      pending.delete(state);
      const code = query.get('code');
      if (code === null) return fail(response, 400, 'The Hub did not let you in.');
      const token = await hub.trade({ code, code_verifier: entry.verifier, redirect_uri: redirectUri });
      if ((await hub.whoIs(token)) === undefined) return fail(response, 403, 'You may not open this server.');
      redirect(response, entry.next, [
        cookie(clientId, signValue(secret, clientId, token), 2_592_000),
        cookie(stateCookie, '', 0),
      ]);
    },
  };
}

function redirect(response: ServerResponse, location: string, cookies: string[]): void {
  response.writeHead(302, { location, 'set-cookie': cookies, 'cache-control': 'no-store' }).end();
}

function fail(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${message}\n`);
}
