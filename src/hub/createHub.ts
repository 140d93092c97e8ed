import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { SiteAccess } from '../access/siteAccess.ts';
import type { AccessDecision, Identity, Target } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { AccountDirectory, Identify } from '../identity/types.ts';
import type { ServerKey, Servers } from '../servers/types.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { Store } from '../store/types.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Urls } from '../urls.ts';
import { createAccountCache } from './accountCache.ts';
import { createActivityRoute } from './api/activity.ts';
import { createGrantsRoute } from './api/grants.ts';
import { createUserRoute } from './api/user.ts';
import { clientIdOf } from './clientId.ts';
import { createContract } from './contract.ts';
import { listenForServers } from './listener.ts';
import type { ApiListener } from './listener.ts';
import { createAuthorizeRoutes } from './oauth/authorize.ts';
import { createClients } from './oauth/clients.ts';
import { createCodes } from './oauth/codes.ts';
import { createConfirmTickets } from './oauth/confirmTickets.ts';
import { errorPage } from './oauth/pageShell.ts';
import { createTokenRoute } from './oauth/token.ts';
import { resolveBearer } from './principals.ts';
import { createTokens } from './tokens/createTokens.ts';
import type { HubContract } from './types.ts';

/** The JupyterHub whose API we answer. */
export const jupyterhubVersion = '6.1.1';

export interface HubDeps {
  config: Pick<Config, 'hub'>;
  store: Store<AdminData, StateData>;
  accounts: AccountDirectory;
  /** May this person open that target now? */
  access: (identity: Identity, target: Target) => AccessDecision;
  /** What shares alone give an account on a server. */
  shareOf?: SiteAccess['shareOf'];
  urls: Urls;
  /** Folder of the Hub's unix socket. */
  runtimeDir: string;
  clock: Clock;
  log: Logger;
}

/** Parts that are built after the hub, since they need its contract. */
export interface HubAttachments {
  servers: Pick<Servers, 'onChange'>;
  identify: Identify;
}

export interface Hub {
  contract: HubContract;
  /** Relative to `<base>/hub/api`. */
  app: Hono;
  attach(parts: HubAttachments): void;
  /** Opens the private listener for UI servers, and reads the accounts of all live tokens. */
  listen(): Promise<{ apiUrl: string }>;
  close(): Promise<void>;
}

export function createHub(deps: HubDeps): Hub {
  const { store, clock, urls } = deps;
  const tokens = createTokens({ store, clock });
  const accounts = createAccountCache({ accounts: deps.accounts, clock });
  const codes = createCodes({ clock });
  const clients = createClients({ tokens, urls });
  const contacts = new Map<string, number>();
  const resolve = (token: string) => resolveBearer({ tokens, accounts, store, access: deps.access }, token);
  const onContact = (key: ServerKey) => void contacts.set(clientIdOf(key), clock.now());
  let attached: HubAttachments | undefined;
  let listener: ApiListener | undefined;
  let stopWatching: (() => void) | undefined;

  const app = createBaseApp({ urls, log: deps.log });
  app.get('/', (c) => c.json({ version: jupyterhubVersion }));
  app.route('/', createUserRoute({ resolve }));
  app.route('/', createActivityRoute({ resolve, onContact }));
  app.route('/', createGrantsRoute({ resolve, accounts, shareOf: deps.shareOf ?? (() => undefined) }));
  app.route('/', createTokenRoute({ clients, codes, tokens, clock, tokenLifetimeS: deps.config.hub.tokenLifetimeS }));
  app.route(
    '/',
    createAuthorizeRoutes({
      urls,
      clients,
      codes,
      tokens,
      access: deps.access,
      tickets: createConfirmTickets({ clock }),
      identify: () => attached?.identify,
      onSignIn: (account) => accounts.put(account),
    }),
  );

  const apiUrl = () => {
    if (listener === undefined) throw new GatewayError('internal', { facts: { why: 'the Hub does not listen yet' } });
    return listener.apiUrl;
  };
  const baseUrl = urls.base;
  const contract = createContract({ tokens, codes, accounts, resolve, contacts, baseUrl, apiUrl });

  return {
    contract,
    app,
    attach(parts) {
      attached = parts;
      stopWatching?.();
      stopWatching = parts.servers.onChange((view) => {
        if (view.phase !== 'stopped' && view.phase !== 'failed') return;
        contract.forget(view).catch((error: unknown) => deps.log.error({ err: error }, 'tokens could not be revoked'));
      });
    },
    async listen() {
      await accounts.load(tokens.list((record) => record.kind !== 'service').map((record) => record.owner));
      const root = new Hono({ strict: false }).route(urls.hub('api'), app);
      root.notFound((c) => c.json(new GatewayError('request.not-found').toJSON(), 404));
      listener = await listenForServers({
        fetch: (request) => root.fetch(request),
        runtimeDir: deps.runtimeDir,
        urls,
      });
      return { apiUrl: listener.apiUrl };
    },
    async close() {
      stopWatching?.();
      tokens.close();
      await listener?.close();
    },
  };
}

/** What every answer has: the version that hubapp compares, a bound on bodies, errors in JupyterHub's shape. */
function createBaseApp(deps: { urls: Urls; log: Logger }): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    c.header('x-jupyterhub-version', jupyterhubVersion);
  });
  app.use(
    bodyLimit({
      maxSize: 1024 * 1024,
      onError: () => {
        throw new GatewayError('request.too-large');
      },
    }),
  );
  app.onError((thrown, c) => {
    const error = toGatewayError(thrown);
    const facts = { code: error.code, path: c.req.path, ...error.facts };
    if (error.status >= 500) deps.log.error({ ...facts, err: error }, 'the Hub API failed');
    else deps.log.debug(facts, 'the Hub API refused');
    c.header('x-jupyterhub-version', jupyterhubVersion);
    if (c.req.path.endsWith('/oauth2/authorize')) return errorPage(c, error, deps.urls.hub('home'));
    return c.json(error.toJSON(), error.status as 400);
  });
  return app;
}
