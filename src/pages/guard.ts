import { createMiddleware } from 'hono/factory';
import type { Account, Identity } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import { formAction, isNavigation } from '../identity/csrf.ts';
import type { Csrf } from '../identity/csrf.ts';
import type { Identify } from '../identity/types.ts';
import { readForm } from '../listen/bodyFormats.ts';
import type { PostedForm } from '../listen/bodyFormats.ts';
import { bodyLimits } from '../listen/requestBody.ts';
import type { Logger } from '../telemetry/log.ts';
import { noteCaller } from '../telemetry/requestContext.ts';
import { renderDecision } from './renderDecision.tsx';
import type { Asked } from './asked.ts';
import type { Shell } from './shell.ts';

/** What the pages' handlers find in Hono's context. */
export interface PagesEnv {
  /** Of `@hono/node-server`. */
  Bindings: { outgoing?: { getHeader(name: string): unknown } };
  Variables: {
    requestId: string;
    who: Identity;
    /** The posted form, once checked. */
    posted: PostedForm;
  };
}

export interface GuardParts {
  shell: Shell;
  identify: Identify;
  csrf: Csrf;
  /** Why this account gets no page now. */
  closedTo?: ((account: Account) => GatewayError | undefined) | undefined;
  log: Logger;
}

/** Who is asking? Nobody goes on without a session; a token made for programs opens no page. */
export function requireSession({ shell, identify, closedTo }: GuardParts) {
  return createMiddleware<PagesEnv>(async (c, next) => {
    const header = (name: string): string | undefined => c.req.header(name);
    const verified = await identify({ cookie: header('cookie'), authorization: header('authorization'), header });
    if (!verified.ok && verified.error.status !== 401) throw verified.error;
    if (!verified.ok) {
      const request = asked(c.req.raw, c.get('requestId'));
      const returnTo = request.path + request.query;
      const decision = { kind: 'sign-in', returnTo, error: verified.error } as const;
      const { status, headers, body } = renderDecision(shell, decision, request);
      return new Response(body, { status, headers });
    }
    noteCaller(verified.value.account.name);
    if (verified.value.scopes !== undefined)
      throw new GatewayError('access.denied', { message: 'Tokens open no pages.', advice: 'Use the Hub API.' });
    const closed = closedTo?.(verified.value.account);
    if (closed !== undefined) throw closed;
    c.set('who', verified.value);
    return next();
  });
}

/**
 * Pages are for eyes: a script (of a UI server's page, which shares our origin) may not read one, since it holds the
 * token that guards our forms. Event streams hold none and are exempt.
 */
export function refuseScripts() {
  return createMiddleware<PagesEnv>(async (c, next) => {
    if (!isNavigation(c.req.header('sec-fetch-mode'))) throw new GatewayError('access.origin');
    return next();
  });
}

/**
 * Every POST must come from a form of ours: by fetch metadata and `Origin`, and always by the token, since pages of UI
 * servers share our origin and would pass the first two. Puts the form into `posted`.
 */
export function requireForm({ csrf, log }: GuardParts) {
  return createMiddleware<PagesEnv>(async (c, next) => {
    if (c.req.method !== 'POST') return next();
    const posted = await readForm(c, bodyLimits.form);
    const fault = formFault(csrf, c.req.raw, c.get('who').sessionId, posted['_csrf']);
    if (fault !== undefined) {
      log.warn({ requestId: c.get('requestId'), account: c.get('who').account.name, fault }, 'form refused');
      throw new GatewayError('access.origin', {
        message: 'This form is out of date, or came from another site.',
        advice: 'Go back, load the page again and send it once more.',
      });
    }
    c.set('posted', posted);
    return next();
  });
}

function formFault(csrf: Csrf, request: Request, sessionId: string, token: unknown): string | undefined {
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined;
  const bound = typeof token === 'string' ? token : '';
  const from = { method: request.method, fetchSite: header('sec-fetch-site'), origin: header('origin') };
  const proof = { token: bound, boundTo: sessionId, action: formAction(request.method, request.url) };
  const verdict = csrf.check({ ...from, host: header('host'), ...proof });
  if (!verdict.ok) return verdict.reason;
  const nothingElse = { method: request.method, fetchSite: undefined, origin: undefined, host: undefined };
  return csrf.check({ ...nothingElse, ...proof }).ok ? undefined : 'token missing or wrong';
}

/** What the answers in `renderDecision.tsx` need to know of a Fetch request. */
export function asked(request: Request, requestId: string): Asked {
  const { pathname, search } = new URL(request.url);
  const accept = request.headers.get('accept') ?? undefined;
  return { method: request.method, path: pathname, query: search, accept, upgrade: false, requestId };
}

/** The id that the front door has given the request, on the answer under way; else a new one. */
export function requestIdOf(env: PagesEnv['Bindings'] | undefined): string {
  const given = env?.outgoing?.getHeader('x-request-id');
  return typeof given === 'string' ? given : crypto.randomUUID();
}
