import { Hono } from 'hono';
import type { Context } from 'hono';
import { GatewayError, toGatewayError } from '../../errors.ts';
import { errorPage } from '../oauth/pageShell.ts';
import type { Principal } from '../principals.ts';
import { tellRefusal } from '../../telemetry/tellRefusal.ts';
import { activityRoutes } from './activity.ts';
import { auditRoutes } from './audit.ts';
import type { ApiDeps } from './deps.ts';
import { grantsRoute } from './grants.ts';
import { noticeRoute } from './notice.ts';
import { groupRoutes } from './groups.ts';
import { adminAccessRoute, hubRoutes, proxyRoutes, retiredRoutes } from './hubRoutes.ts';
import { logRoutes } from './log.ts';
import { openApiDocument } from './openapi.ts';
import { progressRoutes } from './progress.ts';
import { refuseOtherMethods, registerRoutes } from './register.ts';
import type { Route } from './route.ts';
import { serverRoutes } from './servers.ts';
import { shareCodeRoutes } from './shareCodes.ts';
import { shareRoutes } from './shares.ts';
import { tokenRoutes } from './tokens.ts';
import { userRoute } from './user.ts';
import { userRoutes } from './users.ts';
import { jupyterhubVersion } from './version.ts';

/** The table of the REST API, in the order in which it is documented. */
export function apiRoutes(deps: ApiDeps): Route[] {
  return [
    ...hubRoutes(deps),
    userRoute(deps),
    ...userRoutes(deps),
    ...activityRoutes(deps),
    ...serverRoutes(deps),
    ...progressRoutes(deps),
    ...logRoutes(deps),
    ...tokenRoutes(deps),
    ...groupRoutes(deps),
    ...shareRoutes(deps),
    ...shareCodeRoutes(deps),
    ...auditRoutes(deps),
    grantsRoute(deps),
    noticeRoute(deps),
    ...proxyRoutes(deps),
    adminAccessRoute(),
    ...retiredRoutes(),
  ];
}

export interface ApiOptions {
  deps: ApiDeps;
  caller: (c: Context) => Promise<Principal | undefined>;
  closedTo: (who: Principal) => GatewayError | undefined;
  pageDefault: number;
  pageMax: number;
  /** Further parts of the application, before the last word that there is nothing at an address. */
  mount: readonly Hono[];
}

export interface Api {
  /** Relative to `<base>/hub/api`. */
  app: Hono;
  routes: readonly Route[];
  document: Record<string, unknown>;
}

export function createApi({ deps, caller, closedTo, mount, ...pages }: ApiOptions): Api {
  const app = createBaseApp(deps);
  const routes = apiRoutes(deps);
  const serverUrl = deps.urls.hub('api');
  const document = openApiDocument({ routes, serverUrl, version: deps.version });
  app.get('/openapi.json', (c) => c.json(document));
  registerRoutes(app, { routes, caller, closedTo, principals: deps.principals, accounts: deps.cache, ...pages });
  for (const part of mount) app.route('/', part);
  refuseOtherMethods(app, '/oauth2/authorize', () => ['GET', 'POST']);
  refuseOtherMethods(app, '/oauth2/token', () => ['POST']);
  app.all('*', () => {
    throw new GatewayError('request.not-found');
  });
  return { app, routes, document };
}

/** What every answer has: the version that hubapp compares, and errors in JupyterHub's shape. */
function createBaseApp(deps: Pick<ApiDeps, 'log' | 'urls' | 'events'>): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    c.header('x-jupyterhub-version', jupyterhubVersion);
    if (c.res.headers.get('cache-control') === null) c.header('cache-control', 'no-store');
  });
  app.onError((thrown, c) => {
    const error = toGatewayError(thrown);
    const facts = { code: error.code, method: c.req.method, path: withoutSecrets(c.req.path), ...error.facts };
    if (error.status >= 500) deps.log.error({ ...facts, err: error }, 'the Hub API failed');
    else deps.log.debug(facts, 'the Hub API refused');
    tellRefusal(deps.events, error, { method: c.req.method, path: withoutSecrets(c.req.path) });
    c.header('x-jupyterhub-version', jupyterhubVersion);
    if (c.req.path.endsWith('/oauth2/authorize')) return errorPage(c, error, deps.urls);
    return c.json(error.toJSON(), error.status as 400);
  });
  return app;
}

/** Retired addresses hold a secret: it goes into no log. */
function withoutSecrets(path: string): string {
  return path.replace(/(\/authorizations\/[^/]+\/).*/, '$1…');
}
