import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Identity, Target } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { Desk } from '../control/types.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { isNavigation } from '../identity/csrf.ts';
import type { Csrf } from '../identity/csrf.ts';
import type { ApiCall, TokenDesk } from '../hub/types.ts';
import type { Sessions } from '../identity/sessions.ts';
import type { Identify } from '../identity/types.ts';
import type { Servers } from '../servers/types.ts';
import type { Services } from '../services/types.ts';
import type { ShareCodes, ShareLinks, Shares } from '../shares/types.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { Audit } from '../telemetry/audit/createAudit.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import { tellRefusal } from '../telemetry/tellRefusal.ts';
import { acceptRoutes } from './acceptRoutes.tsx';
import { ApiPage } from './apiPage.tsx';
import { adminRoutes } from './adminRoutes.tsx';
import type { Asset } from './assets.ts';
import { auditRoutes } from './auditRoutes.tsx';
import { asked, refuseScripts, requireForm, requireSession, requestIdOf } from './guard.ts';
import type { GuardParts, PagesEnv } from './guard.ts';
import { adminServersRoutes } from './adminServersRoutes.tsx';
import { announcementsNow, sharedWith } from './homeData.ts';
import { HomePage } from './homePage.tsx';
import { toHtml } from './layout.tsx';
import { pageHeaders } from './pageHeaders.ts';
import { progressStream } from './progressStream.ts';
import { publicRoutes } from './publicRoutes.ts';
import { renderError } from './renderDecision.tsx';
import { keyOf, serverRoutes } from './serverRoutes.tsx';
import { servicesFor, servicesRoutes } from './servicesRoutes.tsx';
import { sessionsRoutes } from './sessionsRoutes.tsx';
import { shareRoutes } from './shareRoutes.tsx';
import { withoutForms } from './shell.ts';
import type { Shell } from './shell.ts';
import { tokenRoutes } from './tokenRoutes.tsx';

export interface PagesParts {
  shell: Shell;
  assets: readonly Asset[];
  csrf: Csrf;
  closedTo?: GuardParts['closedTo'] | undefined;
  identify: Identify;
  sessions: Sessions;
  servers: Servers;
  shares: Shares;
  shareCodes: ShareCodes;
  shareLinks: ShareLinks;
  services: Services;
  mayOpen: (who: Identity, target: Target) => boolean;
  tokens: TokenDesk;
  /** The REST API, for its page. */
  apiCalls: readonly ApiCall[];
  store: Pick<Store<AdminData, StateData>, 'admin' | 'state' | 'hand'>;
  desk: Desk;
  clock: Clock;
  log: Logger;
  events?: Events;
  audit?: Pick<Audit, 'list'>;
  /** Time between comment lines of an event stream. Default 15,000 ms. */
  heartbeatMs?: number;
}

/** What people see, mounted at `<base>/hub`. Errors of these routes are rendered here; unknown paths are a 404 page. */
export function createPages(parts: PagesParts): Hono<PagesEnv> {
  const { shell, assets, log } = parts;
  const app = new Hono<PagesEnv>();
  app.use(async (c, next) => {
    c.set('requestId', requestIdOf(c.env));
    return next();
  });
  app.route('/', publicRoutes({ assets, log }));
  app.route('/', streams(parts));
  app.route('/', people(parts));
  app.onError((thrown, c) => {
    const error = toGatewayError(thrown);
    const requestId = c.get('requestId');
    if (error.code === 'internal') log.error({ err: error.cause ?? error, requestId, path: c.req.path }, 'page failed');
    tellRefusal(parts.events, error, { method: c.req.method, path: c.req.path });
    const { status, headers, body } = renderError(readable(shell, c), error, asked(c.req.raw, requestId), c.get('who'));
    return new Response(body, { status, headers });
  });
  return app;
}

/** A stream is asked for by scripts, of whatever page: its refusal may not tell them the token of our forms. */
function readable(shell: Shell, c: Context<PagesEnv>): Shell {
  return isNavigation(c.req.header('sec-fetch-mode')) ? shell : withoutForms(shell);
}

function streams(parts: PagesParts): Hono<PagesEnv> {
  const { shell, servers, heartbeatMs = 15_000 } = parts;
  const app = new Hono<PagesEnv>();
  for (const path of ['/progress/:user', '/progress/:user/:server'])
    app.get(path, requireSession(parts), (c) => {
      const key = keyOf(c, shell);
      return progressStream({
        open: (signal) =>
          untilSignedOut(c.get('who').sessionId, parts.sessions, signal, (end) => servers.progress(key, end)),
        view: () => servers.get(key),
        lastEventId: c.req.header('last-event-id'),
        heartbeatMs,
      });
    });
  return app;
}

/** Events until the browser goes away or its session ends: what a sign-out closes is closed at once. */
async function* untilSignedOut<T>(
  sessionId: string,
  sessions: Sessions,
  gone: AbortSignal,
  open: (end: AbortSignal) => AsyncIterable<T>,
): AsyncIterable<T> {
  const signedOut = new AbortController();
  const stop = sessions.onEnd((end) => {
    if (end.sessionId === sessionId) signedOut.abort();
  });
  try {
    yield* open(AbortSignal.any([gone, signedOut.signal]));
  } finally {
    stop();
  }
}

function people(parts: PagesParts): Hono<PagesEnv> {
  const { shell, servers, store, clock } = parts;
  const app = new Hono<PagesEnv>();
  app.use(refuseScripts(), requireSession(parts), requireForm(parts));
  app.use(async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(pageHeaders(shell.urls))) c.header(name, value);
    c.header('x-request-id', c.get('requestId'));
  });
  app.get('/', (c) => c.redirect(shell.urls.hub('home'), 302));
  app.get('/home', async (c) => {
    const [who, now] = [c.get('who'), clock.now()];
    const mine = servers.list().filter((view) => view.owner === who.account.name);
    const shared = sharedWith(who, store.admin.data, servers, now);
    const announcements = announcementsNow(store.admin.data, now);
    const services = servicesFor(who, parts);
    const runs = mine.some((view) => view.phase === 'ready' && view.program === 'cylc');
    const silentJobs = runs ? await servers.silentJobs(who.account.name) : [];
    return c.html(toHtml(<HomePage {...{ shell, who, servers: mine, shared, services, announcements, silentJobs }} />));
  });
  app.route('/', serverRoutes(parts));
  app.route('/', adminServersRoutes(parts));
  app.route('/', shareRoutes(parts));
  app.route('/', acceptRoutes(parts));
  app.route('/', servicesRoutes(parts));
  app.route('/', adminRoutes(parts));
  app.route('/', tokenRoutes(parts));
  app.get('/api-docs', (c) => c.html(toHtml(<ApiPage shell={shell} who={c.get('who')} calls={parts.apiCalls} />)));
  app.route('/', sessionsRoutes(parts));
  app.route('/', auditRoutes(parts));
  app.all('*', () => {
    throw new GatewayError('request.not-found');
  });
  return app;
}
