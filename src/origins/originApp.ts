import type { IncomingMessage } from 'node:http';
import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Clock } from '../clock.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { cookieValues } from '../identity/cookies.ts';
import type { Identify } from '../identity/types.ts';
import { clientOf } from '../listen/clientAddress.ts';
import { pathFault } from '../proxy/canonical.ts';
import { plainRefusal } from '../proxy/plainRefusal.ts';
import type { Events } from '../telemetry/events.ts';
import { tellRefusal } from '../telemetry/tellRefusal.ts';
import type { Urls } from '../urls.ts';
import { nameOf } from '../userLabels.ts';
import type { Areas } from './areas.ts';
import type { OriginCookies } from './originCookies.ts';
import { hashOf } from './tickets.ts';
import type { Tickets } from './tickets.ts';

export interface OriginAppParts {
  areas: Areas;
  urls: Urls;
  identify: Identify;
  isCredentialCookie: (name: string) => boolean;
  cookies: OriginCookies;
  tickets: Tickets;
  events?: Events | undefined;
  clock: Clock;
}

/** Of `@hono/node-server`. */
interface Env {
  Bindings: { incoming: IncomingMessage };
}

/** What a request was sent to, as far as trusted proxies tell. */
export function hostOf(request: IncomingMessage): string | undefined {
  return clientOf(request).host ?? request.headers.host;
}

/** `/visit` on the gateway's own origin gives a ticket to whoever is signed in; `/enter` on a user's origin takes it. */
export function createOriginApp(parts: OriginAppParts): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/visit', (c) => visit(c, parts));
  app.get('/enter', (c) => enter(c, parts));
  app.onError((error, c) => {
    const request = { accept: c.req.header('accept'), requestId: c.res.headers.get('x-request-id') ?? '' };
    const fault = toGatewayError(error);
    tellRefusal(parts.events, fault, { method: c.req.method, path: c.req.path });
    const { status, headers, body } = plainRefusal(fault, request);
    return new Response(body, { status, headers: headers as Record<string, string> });
  });
  return app;
}

async function visit(c: Context<Env>, parts: OriginAppParts): Promise<Response> {
  const { urls } = parts;
  if (parts.areas.areaOf(hostOf(c.env.incoming)).kind !== 'main') throw new GatewayError('request.not-found');
  const { to = '', proof = '', next = '' } = c.req.query();
  const owner = nameOf(to);
  const origin = owner === undefined ? undefined : urls.userOrigin(owner);
  const [path = ''] = next.split('?', 1);
  if (origin === undefined || pathFault(path) !== undefined || parts.areas.ownerOf(path) !== owner)
    throw new GatewayError('request.invalid');
  const signIn = await findSignIn(c.req.header('cookie'), parts);
  if (signIn === undefined) {
    const { pathname, search } = new URL(c.req.url);
    return go(c, `${urls.hub('login')}?next=${encodeURIComponent(pathname + search)}`);
  }
  const ticket = parts.tickets.issue({ label: to, proof, next, ...signIn });
  return go(c, `${origin}${urls.hub('enter')}?ticket=${ticket}`);
}

function enter(c: Context<Env>, parts: OriginAppParts): Response {
  const { cookies } = parts;
  const area = parts.areas.areaOf(hostOf(c.env.incoming));
  const passage = parts.tickets.take(c.req.query('ticket') ?? '');
  const proofs = cookieValues(c.req.header('cookie'), cookies.proofName);
  if (area.kind !== 'user') throw new GatewayError('request.not-found');
  // Somebody else's ticket would sign the visitor in as somebody else
  if (passage?.label !== area.label || !proofs.some((proof) => hashOf(proof) === passage.proof))
    throw new GatewayError('auth.handover');
  const lifetimeS = Math.max(0, Math.floor((passage.expiresAt - parts.clock.now()) / 1000));
  for (const line of cookies.signedIn(passage, lifetimeS)) c.header('set-cookie', line, { append: true });
  return go(c, passage.next);
}

/** The one cookie of the request that signs the visitor in, with what it stands for. */
async function findSignIn(header: string | undefined, { identify, isCredentialCookie }: OriginAppParts) {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim());
  for (const cookie of pairs.filter((pair) => isCredentialCookie(pair.slice(0, pair.indexOf('='))))) {
    const verified = await identify({ cookie, authorization: undefined });
    if (verified.ok) return { cookie, sessionId: verified.value.sessionId, expiresAt: verified.value.expiresAt };
  }
  return undefined;
}

function go(c: Context<Env>, location: string): Response {
  c.header('cache-control', 'no-store');
  c.header('referrer-policy', 'no-referrer');
  return c.redirect(location, 302);
}
