import type { Target } from '../access/types.ts';
import { createAuthorize } from '../authorize.ts';
import type { Authorize, GateRequest, Route } from '../proxy/types.ts';
import { createEdgeIdentify } from './identify.ts';
import type { EdgeSettings } from './settings.ts';

/** `/user/<name>/…` and `/services/<name>/…`; all else is the gateway's own application. */
const guarded = /^(?<kind>user|services)\/(?<name>[^/]+)(?:\/|$)/;

/** The same gate as in the gateway; what the account may open is left to the origin, which knows the shares. */
export function createEdgeGate(settings: EdgeSettings): Authorize {
  return createAuthorize({
    identify: createEdgeIdentify(settings),
    match: (path) => matchPath(path, settings.urls.base),
    access: () => ({ allowed: true, level: 'read', reason: 'the gateway decides' }),
    view: () => undefined,
    isOwnCookie: () => false,
    loginCookieFits: () => true,
    publicOrigin: settings.urls.origin,
  });
}

function matchPath(path: string, base: string): { target: Target; route: Route } | undefined {
  const groups = path.startsWith(base) ? guarded.exec(path.slice(base.length))?.groups : undefined;
  if (groups === undefined) return undefined;
  const { kind = '', name = '' } = groups;
  const target: Target = kind === 'user' ? { kind: 'server', owner: name, name: '' } : { kind: 'service', name };
  return { target, route: { prefix: `${base}${kind}/${name}/`, target, upstream: { kind: 'tcp', host: '', port: 0 } } };
}

export function gateRequest(request: Request, url: URL): GateRequest {
  const header = (name: string): string | undefined => request.headers.get(name) ?? undefined;
  return {
    method: request.method,
    path: url.pathname,
    query: url.search,
    cookie: header('cookie'),
    authorization: header('authorization'),
    origin: header('origin'),
    // The origin of our pages is PUBLIC_URL alone: what a client calls this Worker proves nothing.
    host: undefined,
    fetchSite: header('sec-fetch-site'),
    upgrade: isUpgrade(request),
    header,
  };
}

export function isUpgrade(request: Request): boolean {
  return request.headers.get('upgrade')?.toLowerCase() === 'websocket';
}
