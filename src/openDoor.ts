import type { Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import type { SiteAccess } from './access/siteAccess.ts';
import { createAuthorize } from './authorize.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config/schema.ts';
import type { Hub } from './hub/createHub.ts';
import type { IdentityRoom } from './identity/createIdentity.ts';
import { withHubTokens } from './identity/withHubTokens.ts';
import type { MaintenanceRoom } from './maintenance.ts';
import type { ListeningRoom } from './listen/createListening.ts';
import type { OriginsRoom } from './origins/createOrigins.ts';
import { createRenderDecision } from './pages/renderDecision.tsx';
import type { Shell } from './pages/shell.ts';
import { guardByEdge } from './proxy/edgeGuard.ts';
import { isGatewayCookie } from './proxy/cookies.ts';
import { createFrontDoor } from './proxy/frontDoor.ts';
import type { Hop, RouteTable } from './proxy/types.ts';
import type { Servers } from './servers/types.ts';
import type { Services } from './services/types.ts';
import type { Events } from './telemetry/events.ts';
import type { Logger } from './telemetry/log.ts';
import type { RequestCounts } from './telemetry/requestCounts.ts';
import type { Urls } from './urls.ts';

/** The public server: the one gate, the front door that asks it, and the guard for a Worker in front. */
export async function openDoor(parts: {
  config: Pick<Config, 'proxy' | 'edge'>;
  urls: Urls;
  shell: Shell;
  /** Pages, API, signing in. */
  app: Hono;
  identity: IdentityRoom;
  hub: Pick<Hub, 'contract'>;
  access: SiteAccess;
  routes: RouteTable;
  servers: Servers;
  services: Services;
  origins: OriginsRoom;
  maintenance: MaintenanceRoom;
  listening: Pick<ListeningRoom, 'create' | 'findClient'>;
  hop: Hop;
  events: Events;
  counts: RequestCounts;
  clock: Clock;
  log: Logger;
}): Promise<Server> {
  const { config, urls, identity, hub, routes, origins, listening, clock, log } = parts;
  const identify = withHubTokens(identity.identify, (token) => hub.contract.resolveToken(token));
  const authorize = createAuthorize({
    identify: parts.maintenance.guardServers(identify),
    access: parts.access,
    isOwnCookie: (name) => identity.isCredentialCookie(name),
    publicOrigin: urls.origin,
    match: (path) => routes.match(path),
    wake: (service) => parts.services.wake(service),
    passedOn: (token, target) => hub.contract.passedOn(token, target),
    vouch: (who, service) => parts.identity.vouch(who, service),
    view: (key) => parts.servers.get(key),
    loginCookieFits: (...of) => hub.contract.loginCookieFits(...of),
  });
  const listener = getRequestListener(parts.app.fetch, { overrideGlobalObjects: false });
  const door = createFrontDoor({
    authorize: origins.gate(authorize),
    hop: parts.hop,
    basePath: urls.base.slice(0, -1),
    log,
    config: config.proxy,
    app: origins.ownOriginOnly((req, res) => void listener(req, res)),
    provider: origins.ownOriginOnly(identity.provider),
    create: (options) => listening.create(options),
    findClient: (req) => listening.findClient(req),
    known({ cookie, authorization, header }) {
      const who = identify({ cookie, authorization, header, onlyKnown: true });
      return who instanceof Promise || !who.ok ? undefined : who.value;
    },
    isOwnCookie: (name) => identity.isCredentialCookie(name) || isGatewayCookie(name),
    render: origins.render(createRenderDecision(parts.shell)),
    targetOf: (path) => routes.match(path)?.target,
    events: parts.events,
    counts: parts.counts,
  });
  await guardByEdge(door, {
    config: config.edge,
    open: [urls.hub('jwks.json')],
    publicOrigin: urls.origin,
    clock,
    log,
    events: parts.events,
  });
  return door;
}
