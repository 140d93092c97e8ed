import type { AccessDecision, Identity, Target } from './access/types.ts';
import { GatewayError } from './errors.ts';
import { takeQueryToken } from './identity/queryToken.ts';
import type { Identify, Verified } from './identity/types.ts';
import { hubTokenOf } from './identity/withHubTokens.ts';
import type { Authorize, GateDecision, GateRequest, HopPlan, Route } from './proxy/types.ts';
import type { ServerKey, ServerView } from './servers/types.ts';

/**
 * The one gate: request → who → may they → target or refusal. Pages, the hop, upgrades and the edge all call it;
 * what it saw is what the upstream gets. Runs in workerd too: web standards only.
 */
export interface GateParts {
  identify: Identify;
  /** What a path leads to; undefined for paths of the gateway's own application. */
  match(path: string): { target: Target; route: Route | undefined } | undefined;
  access(who: Identity, target: Target): AccessDecision;
  view(key: ServerKey): ServerView | undefined;
  /** Starts a service that waits for its first visit; resolves when there is an answer to be had. Absent: none does. */
  wake?: (service: string) => Promise<void>;
  /** See `HubContract.passedOn`. Absent: no upstream gets a token. */
  passedOn?: (token: string, target: Target) => string | undefined;
  /** Our signed word for a service on who its visitor is. Absent: none gets one. */
  vouch?: (who: Identity, service: string) => string | Promise<string>;
  isOwnCookie(name: string): boolean;
  /** See `HubContract.loginCookieFits`. */
  loginCookieFits(target: Target, cookieName: string, cookieValue: string, sessionId: string): boolean;
  /** `https://site.example`: the origin whose pages may open WebSockets, beside the request's own `Host`. */
  publicOrigin: string;
}

export function createAuthorize(parts: GateParts): Authorize {
  return (request) => {
    const matched = parts.match(request.path);
    if (matched === undefined) return { kind: 'app' };
    if (!sameOrigin(request, parts.publicOrigin))
      return refuse('access.origin', `upgrade from origin ${request.origin ?? 'none'}`);
    const inQuery = takeQueryToken(request.query);
    if (inQuery !== undefined && !request.upgrade) return tokenInAddress();
    const asked = inQuery === undefined ? request : withTokenOf(request, inQuery);
    const { cookie, authorization, header, onlyKnown } = asked;
    const who = parts.identify({ cookie, authorization, header, onlyKnown });
    return who instanceof Promise
      ? who.then((verified) => decideAwake(parts, asked, matched, verified))
      : decideAwake(parts, asked, matched, who);
  };
}

/** A page can add no header to a WebSocket: its token comes in the query, and goes no further in it. */
function withTokenOf(request: GateRequest, found: { token: string; query: string }): GateRequest {
  return { ...request, authorization: `token ${found.token}`, query: found.query };
}

/** The decision; for a service that is not running, after it had the chance to start. */
function decideAwake(
  parts: GateParts,
  request: GateRequest,
  matched: { target: Target; route: Route | undefined },
  who: Verified<Identity>,
): GateDecision | Promise<GateDecision> {
  const decision = decide(parts, request, matched, who);
  if (matched.target.kind !== 'service') return decision;
  const asleep = decision.kind === 'refuse' && decision.error.code === 'request.not-found';
  if (!asleep || parts.wake === undefined) return vouched(parts, decision);
  return parts
    .wake(matched.target.name)
    .then(() => vouched(parts, decide(parts, request, parts.match(request.path) ?? matched, who)));
}

/** A service does not sign its visitors in as UI servers do, so it is told who they are in a way that it can check. */
function vouched({ vouch }: GateParts, decision: GateDecision): GateDecision | Promise<GateDecision> {
  if (decision.kind !== 'hop' || vouch === undefined) return decision;
  const token = vouch(decision.identity, decision.route.target.name);
  return typeof token === 'string'
    ? { ...decision, vouched: token }
    : token.then((made) => ({ ...decision, vouched: made }));
}

function decide(
  parts: GateParts,
  request: GateRequest,
  matched: { target: Target; route: Route | undefined },
  who: Verified<Identity>,
): GateDecision {
  if (!who.ok) return unidentified(request, who);
  const identity = who.value;
  const access = parts.access(identity, matched.target);
  if (!access.allowed) {
    const code = matched.target.kind === 'service' ? 'access.service' : 'access.denied';
    return { ...refuse(code, access.reason), identity };
  }
  const { target, route } = matched;
  if (route === undefined)
    return target.kind === 'server'
      ? { kind: 'no-server', target, identity, view: parts.view(target) }
      : { ...refuse('request.not-found', 'service has no upstream'), identity };
  return {
    kind: 'hop',
    route,
    identity,
    access,
    dropCookie: (name, value) =>
      parts.isOwnCookie(name) || !parts.loginCookieFits(target, name, value, identity.sessionId),
    ...passedOn(parts, request, identity, target),
  };
}

/** What the upstream gets of a Hub token, and of a query that had one in it. */
function passedOn(
  { passedOn: onward }: GateParts,
  { authorization, query }: GateRequest,
  { via }: Identity,
  target: Target,
): Pick<HopPlan, 'token' | 'query'> {
  const token = via === 'hub-token' ? hubTokenOf(authorization) : undefined;
  return token === undefined ? { query } : { token: onward?.(token, target), query };
}

/** A person's page load is sent to sign in; programs and upgrades are told that they are not signed in. */
function unidentified(request: GateRequest, who: Extract<Verified<Identity>, { ok: false }>): GateDecision {
  return who.error.status === 401
    ? { kind: 'sign-in', returnTo: request.path + request.query, error: who.error, reason: who.reason }
    : { kind: 'refuse', error: who.error, reason: who.reason };
}

/**
 * A browser sends `Origin` with every WebSocket handshake (RFC 6455, 4.1); it must be ours (code-server 4.10.1 had
 * cross-site WebSockets). Programs send none, and prove themselves by a token that no page can make a browser send.
 * What the browser itself calls another site's is believed, whatever `Host` says.
 */
function sameOrigin(request: GateRequest, publicOrigin: string): boolean {
  if (!request.upgrade || request.origin === publicOrigin) return true;
  if (request.fetchSite === 'cross-site' || request.fetchSite === 'same-site') return false;
  if (request.origin === undefined) return true;
  return URL.canParse(request.origin) && new URL(request.origin).host === request.host;
}

function tokenInAddress(): GateDecision {
  const error = new GatewayError('request.malformed', {
    message: 'A token does not belong into the address of a page: it stays in histories and logs.',
    advice: 'Revoke it, and send the new one in the header Authorization.',
  });
  return { kind: 'refuse', error, reason: 'a token in the address' };
}

function refuse(
  code: 'access.origin' | 'access.denied' | 'access.service' | 'request.not-found',
  reason: string,
): Extract<GateDecision, { kind: 'refuse' }> {
  return { kind: 'refuse', error: new GatewayError(code), reason };
}
