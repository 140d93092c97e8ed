import { GatewayError } from '../errors.ts';
import type { Authorize, GateDecision, GateRequest } from '../proxy/types.ts';
import type { Areas } from './areas.ts';

/** What the gate is asked on behalf of, once a request's host is known. */
export interface OriginGateParts {
  inner: Authorize;
  areas: Areas;
  /** The `Cookie` header of a user's origin as the gateway's own would have it. */
  unsealed: (cookie: string | undefined, label: string) => string | undefined;
}

/**
 * Keeps each account's servers on the account's origin. On the gateway's own, no browser gets anything from a server
 * (programs with a Hub token do: a page cannot make a browser send one); on a user's origin, nothing but that user's.
 */
export function createOriginGate({ inner, areas, unsealed }: OriginGateParts): Authorize {
  return (request) => {
    const area = areas.areaOf(request.host);
    const owner = areas.ownerOf(request.path);
    if (area.kind === 'main') return owner === undefined ? inner(request) : after(inner(request), keptApart);
    if (owner !== area.owner) return misdirected('not of this origin');
    if (!isSameOrigin(request)) return { ...refusal('access.origin'), reason: `from ${request.fetchSite ?? ''}` };
    return inner({ ...request, cookie: unsealed(request.cookie, area.label) });
  };
}

function keptApart(decision: GateDecision): GateDecision {
  if (decision.kind !== 'hop' || decision.identity.via === 'hub-token') return decision;
  return { ...misdirected('its server has an origin of its own'), identity: decision.identity };
}

/** Users' origins are one site, so `SameSite` cookies do not part them: what another of them sends is no business here. */
function isSameOrigin({ method, fetchSite, header, upgrade }: GateRequest): boolean {
  if (fetchSite !== 'same-site' && fetchSite !== 'cross-site') return true;
  const safe = method === 'GET' || method === 'HEAD';
  return safe && !upgrade && header?.('sec-fetch-mode') === 'navigate';
}

function misdirected(reason: string): Extract<GateDecision, { kind: 'refuse' }> {
  return { ...refusal('request.misdirected'), reason };
}

function refusal(code: 'request.misdirected' | 'access.origin'): Extract<GateDecision, { kind: 'refuse' }> {
  return { kind: 'refuse', error: new GatewayError(code), reason: '' };
}

function after<T>(value: T | Promise<T>, then: (value: T) => T): T | Promise<T> {
  return value instanceof Promise ? value.then(then) : then(value);
}
