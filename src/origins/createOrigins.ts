import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Hono } from 'hono';
import type { Clock } from '../clock.ts';
import { ownCookieNames } from '../identity/cookies.ts';
import type { IdentityRoom } from '../identity/createIdentity.ts';
import type { Authorize, RenderDecision } from '../proxy/types.ts';
import type { Events } from '../telemetry/events.ts';
import type { Urls } from '../urls.ts';
import { createAreas } from './areas.ts';
import { createOriginApp, hostOf } from './originApp.ts';
import { createOriginCookies } from './originCookies.ts';
import { createOriginGate } from './originGate.ts';
import { createOriginRender } from './originRender.ts';
import { createSeal } from './seal.ts';
import { createTickets } from './tickets.ts';

export interface OriginsRoom {
  gate(inner: Authorize): Authorize;
  render(inner: RenderDecision): RenderDecision;
  /** Keeps pages and API of the gateway on its own origin. */
  ownOriginOnly(listener: RequestListener): RequestListener;
  /** Mount at `<base>/hub`; undefined where all is one origin. */
  app: Hono<{ Bindings: { incoming: IncomingMessage } }> | undefined;
}

export interface OriginsOptions {
  /** Undefined: one origin for all, and everything here is without effect. */
  domain: string | undefined;
  urls: Urls;
  identity: Pick<IdentityRoom, 'identify' | 'isCredentialCookie' | 'keyring'>;
  clock: Clock;
  events?: Events;
}

/**
 * An origin of its own for each account's servers. A visitor signs in on the gateway's origin; a page of a user's origin
 * that finds no sign-in sends the browser to `/hub/visit` there, which sends it back to `/hub/enter` here with a
 * ticket that this browser can use once; that becomes a cookie of this origin alone.
 */
export function createOrigins(options: OriginsOptions): OriginsRoom {
  const { domain, urls, identity, clock } = options;
  if (domain === undefined)
    return { gate: (inner) => inner, render: (inner) => inner, ownOriginOnly: (inner) => inner, app: undefined };
  const areas = createAreas({ domain, urls });
  const sessionName = ownCookieNames(urls.secure).session;
  const cookies = createOriginCookies({
    sessionName,
    secure: urls.secure,
    seal: createSeal(identity.keyring.loginSecret),
  });
  return {
    gate: (inner) => createOriginGate({ inner, areas, unsealed: (...of) => cookies.unsealed(...of) }),
    render: (inner) => createOriginRender({ inner, areas, urls, proofCookie: (value) => cookies.proof(value) }),
    app: createOriginApp({
      areas,
      urls,
      identify: identity.identify,
      isCredentialCookie: (name) => identity.isCredentialCookie(name),
      cookies,
      tickets: createTickets({ clock }),
      events: options.events,
      clock,
    }),
    ownOriginOnly: (listener) => (req, res) => {
      const area = areas.areaOf(hostOf(req));
      if (area.kind === 'main' || isShared(req.url!, urls)) return listener(req, res);
      return req.url === urls.base
        ? leave(res, urls.prefix({ owner: area.owner, name: '' }))
        : sendHome(req, res, urls);
    },
  };
}

/** What a user's origin has of the gateway itself: the way in, and what its error pages are drawn with. */
function isShared(url: string, urls: Urls): boolean {
  const drawn = [urls.hub('logo'), urls.hub('favicon')];
  return url.startsWith(`${urls.hub('enter')}?`) || url.startsWith(urls.hub('static/')) || drawn.includes(url);
}

function sendHome(req: IncomingMessage, res: ServerResponse, urls: Urls): void {
  if (req.method === 'GET' || req.method === 'HEAD') leave(res, urls.origin + req.url!);
  else
    res
      .writeHead(421, { 'content-type': 'text/plain', connection: 'close' })
      .end('This is not the address for that.\n');
}

function leave(res: ServerResponse, location: string): void {
  res.writeHead(302, { location, 'cache-control': 'no-store', 'content-length': 0 }).end();
}
