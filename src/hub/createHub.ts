import type { Socket } from 'node:net';
import { Hono } from 'hono';
import type { Account } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { ShareCodes, ShareLinks, Shares } from '../shares/types.ts';
import { createCaller, holderOf } from './api/caller.ts';
import { closedTo } from './api/closedTo.ts';
import { createApi } from './api/createApi.ts';
import { toCalls } from './api/apiCalls.ts';
import { createDirectory } from './api/directory.ts';
import type { Route } from './api/route.ts';
import { clientIdOf } from './clientId.ts';
import { createContract } from './contract.ts';
import type { HubAttachments, HubDeps } from './hubDeps.ts';
import { createParts } from './createParts.ts';
import { listenForNodes } from './nodeListener.ts';
import type { NodeGate, NodeListener } from './nodeListener.ts';
import { endTokens, endVisits } from './endTokens.ts';
import { listenForServers } from './listener.ts';
import type { ApiListener } from './listener.ts';
import { createAuthorizeRoutes } from './oauth/authorize.ts';
import { createClients } from './oauth/clients.ts';
import { createConfirmTickets } from './oauth/confirmTickets.ts';
import { createTokenRoute } from './oauth/token.ts';
import { admitOwner } from './serverTokens.ts';
import type { HubBindings } from './serverTokens.ts';
import { createShareCodes } from './shareCodes.ts';
import { createShareLinks } from './shareLinks.ts';
import { createTokenDesk } from './tokens/tokenDesk.ts';
import { createTokenOffice } from './tokens/tokenOffice.ts';
import type { ApiCall, HubContract, TokenDesk, TokenOffice } from './types.ts';

export interface Hub {
  contract: HubContract;
  shareCodes: ShareCodes;
  shareLinks: ShareLinks;
  /** Relative to `<base>/hub/api`. */
  app: Hono;
  /** The REST API as its page shows it. */
  calls: readonly ApiCall[];
  /** The table that the REST API and its OpenAPI document are made from. */
  routes: readonly Route[];
  tokenDesk: TokenDesk;
  tokenOffice: TokenOffice;
  /** Who bears this `Authorization` header, if the scope is theirs without any filter; undefined otherwise. */
  holderOf(authorization: string, scope: string): Promise<string | undefined>;
  /** What a sign-in has just proved or renewed: the account's tokens go by it at once. */
  know(account: Account): void;
  attach(parts: HubAttachments): void;
  /** Told the ids of tokens that were revoked: what was opened with them closes. */
  onTokensEnd(listener: (ids: ReadonlySet<string>) => void): () => void;
  /** Opens the private listener for UI servers, and reads the accounts of all live tokens. */
  listen(): Promise<{ apiUrl: string }>;
  /** Opens the listener for servers on other nodes. */
  listenForNodes(gate: NodeGate): Promise<void>;
  close(): Promise<void>;
}

export function createHub(deps: HubDeps): Hub {
  const { store, clock, urls, log } = deps;
  const parts = createParts(deps);
  const { tokens, accounts, codes, contacts, principals } = parts;
  const clients = createClients({ tokens, urls, services: parts.services });
  let attached: HubAttachments | undefined;
  let listener: ApiListener | undefined;
  let nodes: NodeListener | undefined;
  const endings: (() => void)[] = [];
  const must = (): HubAttachments => {
    if (attached === undefined) throw new GatewayError('internal', { facts: { why: 'the Hub is not attached yet' } });
    return attached;
  };

  const apiUrl = () => {
    if (listener === undefined) throw new GatewayError('internal', { facts: { why: 'the Hub does not listen yet' } });
    return listener.apiUrl;
  };
  const loopbackUrl = () => (apiUrl(), listener?.loopbackUrl ?? '');
  const contract = createContract({
    tokens,
    derived: parts.derived,
    codes,
    accounts,
    principals,
    contacts,
    urls,
    apiUrl,
    loopbackUrl,
  });
  const shares = (): Shares => {
    const given = must().shares;
    if (given === undefined) throw new GatewayError('internal', { facts: { why: 'the Hub has no shares' } });
    return given();
  };
  const shareCodes = createShareCodes({ tokens, store, shares, clock });
  const directory = createDirectory({ store, clock });

  const { hub } = deps.config;
  const api = createApi({
    deps: {
      store,
      tokens,
      principals,
      directory,
      urls,
      clock,
      log,
      accounts: deps.accounts,
      cache: accounts,
      ownerScopes: (account) => parts.ownerScopes.of(account),
      servers: () => must().servers,
      routes: () => must().routes ?? { routes: () => [] },
      services: parts.services,
      keys: () => must().keys?.() ?? { keys: [] },
      shares,
      shareCodes,
      shareOf: deps.shareOf ?? (() => undefined),
      forgetAccount: async (name) => {
        await attached?.endSessions?.(name);
        await contract.forgetAccount(name);
      },
      onContact: (key) => void contacts.set(clientIdOf(key), clock.now()),
      shutdown: (how) => attached?.shutdown?.(how),
      patienceMs: hub.patienceS * 1000,
      version: deps.version ?? '0',
      events: deps.events,
      audit: () => attached?.audit?.(),
      tokenMaxLifetimeS: hub.tokenMaxLifetimeS,
    },
    caller: createCaller({ principals, identify: () => attached?.identify, csrf: () => attached?.csrf }),
    closedTo: (who) => closedTo(who, deps.closedTo),
    pageDefault: hub.pageDefault,
    pageMax: hub.pageMax,
    mount: [
      createTokenRoute({ clients, codes, tokens, clock, tokenLifetimeS: hub.tokenLifetimeS }),
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
    ],
  });

  const bindings = (socket: Socket | undefined): HubBindings => {
    if (socket === undefined) return {};
    const { peerOf } = deps;
    return { admitServerToken: peerOf === undefined ? () => true : admitOwner(socket, { peerOf, accounts }) };
  };

  return {
    contract,
    shareCodes,
    shareLinks: createShareLinks({ codes: shareCodes, log }),
    app: api.app,
    calls: toCalls(api.document),
    routes: api.routes,
    tokenDesk: createTokenDesk({
      tokens,
      principals,
      clock,
      log,
      know: (account) => accounts.put(account),
      ownerScopes: (account) => parts.ownerScopes.of(account),
      tokenMaxLifetimeS: hub.tokenMaxLifetimeS,
    }),
    tokenOffice: createTokenOffice({
      tokens,
      clock,
      log,
      async know(name) {
        await accounts.load([name]);
        return accounts.get(name) !== undefined;
      },
      tokenMaxLifetimeS: hub.tokenMaxLifetimeS,
    }),
    holderOf: (...of) => holderOf({ principals, identify: () => attached?.identify }, ...of),
    know(account) {
      accounts.put(account);
      endVisits({ ...parts, log });
    },
    attach(given) {
      attached = given;
      parts.attachServices(given.services ?? (() => []));
      for (const end of endings.splice(0)) end();
      endings.push(endTokens({ servers: given.servers, admin: store.admin, ...parts, contract, log }));
    },
    onTokensEnd: (listener) => tokens.onRevoke(listener),
    async listen() {
      await accounts.load(tokens.list((record) => record.kind !== 'service').map((record) => record.owner));
      const root = new Hono({ strict: false }).route(urls.hub('api'), api.app);
      root.notFound((c) => c.json(new GatewayError('request.not-found').toJSON(), 404));
      listener = await listenForServers({
        fetch: (request, env, socket) => root.fetch(request, { ...env, ...bindings(socket) }),
        runtimeDir: deps.runtimeDir,
        urls,
        peerOf: deps.peerOf,
        log,
        loopback: deps.loopback === true,
      });
      return { apiUrl: listener.apiUrl };
    },
    async listenForNodes(gate) {
      nodes = await listenForNodes({
        ...gate,
        listen: hub.listen,
        app: api.app,
        contract,
        urls,
        events: deps.events,
        log,
      });
      gate.opened(nodes.port);
    },
    async close() {
      await nodes?.close();
      for (const end of endings) end();
      directory.close();
      parts.ownerScopes.close();
      tokens.close();
      await listener?.close();
    },
  };
}
