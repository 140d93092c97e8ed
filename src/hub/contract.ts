import { GatewayError } from '../errors.ts';
import type { AccountCache } from './accountCache.ts';
import { keyText } from '../servers/types.ts';
import type { Urls } from '../urls.ts';
import { clientIdOf, clientIdOfService, clientIdOfTarget, serverOfClient } from './clientId.ts';
import { serverEnvironment, serviceEnvironment } from './environment.ts';
import { tokenInLoginCookie } from './loginCookie.ts';
import type { Codes } from './oauth/codes.ts';
import type { Principals } from './principals.ts';
import type { Tokens } from './tokens/createTokens.ts';
import type { DerivedTokens } from './tokens/derivedTokens.ts';
import { elsewhere } from './serverTokens.ts';
import type { HubContract } from './types.ts';

export interface ContractDeps {
  tokens: Tokens;
  derived: Pick<DerivedTokens, 'derive'>;
  codes: Codes;
  accounts: AccountCache;
  principals: Principals;
  /** ms since 1970, by client id. */
  contacts: Map<string, number>;
  urls: Urls;
  apiUrl: () => string;
  /** For services; of this machine alone. */
  loopbackUrl: () => string;
}

/** The Hub as the rest of the gateway sees it. */
export function createContract(deps: ContractDeps): HubContract {
  async function forgetClient(clientId: string): Promise<void> {
    deps.contacts.delete(clientId);
    await deps.tokens.revokeWhere((record) => record.clientId === clientId);
  }

  return {
    async prepare(server) {
      const clientId = clientIdOf(server.key);
      await forgetClient(clientId);
      deps.accounts.put(server.account);
      const { owner } = server.key;
      const { token } = await deps.tokens.issue({
        kind: 'server',
        owner,
        clientId,
        scopes: [`access:servers!server=${keyText(server.key)}`, ...ownScopes(owner)],
        note: `Server at ${server.prefix}`,
      });
      const { urls } = deps;
      const userOrigin = urls.userOrigin(owner);
      return serverEnvironment({
        key: server.key,
        token,
        prefix: server.prefix,
        baseUrl: urls.base,
        apiUrl: deps.apiUrl(),
        ...(userOrigin === undefined ? {} : { apart: { hub: urls.origin, server: userOrigin } }),
      });
    },
    async prepareService({ name, apiToken, prefix, url }) {
      const clientId = clientIdOfService(name);
      await deps.tokens.revokeWhere((record) => record.kind === 'service' && record.clientId === clientId);
      const { token } = await deps.tokens.issue({
        kind: 'service',
        owner: name,
        clientId,
        scopes: ['inherit'],
        note: `Service ${name}`,
        ...(apiToken === undefined ? {} : { token: apiToken }),
      });
      return serviceEnvironment({ name, token, prefix, url, baseUrl: deps.urls.base, apiUrl: deps.loopbackUrl() });
    },
    lastContact: (key) => deps.contacts.get(clientIdOf(key)),
    forget: (key) => forgetClient(clientIdOf(key)),
    async forgetSession(sessionId) {
      deps.codes.forgetSession(sessionId);
      await deps.tokens.revokeWhere((record) => record.sessionId === sessionId);
    },
    async forgetAccount(account) {
      deps.accounts.drop(account);
      await deps.tokens.revokeWhere((record) => record.owner === account || ownsClient(account, record.clientId));
    },
    async serviceToken(service) {
      await deps.tokens.revokeWhere((record) => record.kind === 'service' && record.owner === service);
      const note = `Service ${service}`;
      return (await deps.tokens.issue({ kind: 'service', owner: service, scopes: ['inherit'], note })).token;
    },
    resolveToken(token) {
      const principal = deps.principals.ofToken(token);
      if (principal?.record?.kind === 'server')
        return { ok: false, error: new GatewayError('auth.invalid'), reason: elsewhere };
      const value = principal && deps.principals.toIdentity(principal);
      return value && { ok: true, value };
    },
    passedOn(token, target) {
      const record = deps.principals.ofToken(token)?.record;
      if (record === undefined || record.kind === 'server' || record.kind === 'service') return undefined;
      const own = record.kind === 'oauth' && record.clientId === clientIdOfTarget(target);
      return own ? token : deps.derived.derive(record.id, target);
    },
    isFor(token, key) {
      const principal = deps.principals.ofToken(token);
      if (principal?.record?.kind === 'server') return principal.record.clientId === clientIdOf(key);
      const scopes = principal && deps.principals.toIdentity(principal)?.scopes;
      return scopes?.includes(`access:servers!server=${keyText(key)}`) === true;
    },
    loginCookieFits(of, cookieName, cookieValue, sessionId) {
      const clientId = 'kind' in of ? clientIdOfTarget(of) : clientIdOf(of);
      if (cookieName !== clientId && cookieName !== `__Host-${clientId}`) return true;
      const token = tokenInLoginCookie(cookieValue);
      const record = token === undefined ? undefined : deps.principals.ofToken(token)?.record;
      return record?.clientId === clientId && record.sessionId === sessionId;
    },
  };
}

/** What a server may do with its own token (JupyterHub's role `server`): say who it is, and that it is active. */
function ownScopes(owner: string): string[] {
  return ['users:activity', 'read:users:activity', 'read:users:groups', 'read:users:name'].map(
    (scope) => `${scope}!user=${owner}`,
  );
}

function ownsClient(account: string, clientId: string | null): boolean {
  return clientId !== null && serverOfClient(clientId)?.owner === account;
}
