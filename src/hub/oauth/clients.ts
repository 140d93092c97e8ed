import type { Target } from '../../access/types.ts';
import type { Urls } from '../../urls.ts';
import { clientIdOf, serverOfClient, serviceOfClient } from '../clientId.ts';
import type { Token, Tokens } from '../tokens/createTokens.ts';
import type { HubService } from '../types.ts';

/** A program that signs its visitors in through us; its API token is its secret. */
export interface OAuthClient {
  id: string;
  target: Target;
  /** A path, or a URL where servers have origins of their own; compared exactly. */
  redirectUri: string;
  /** For the confirm page. */
  description: string;
  /** Its visitors are not asked first. */
  noConfirm?: boolean;
}

export interface Clients {
  find(clientId: string): OAuthClient | undefined;
  /** The record of the client's secret (RFC 6749, 2.3.1); undefined where it is not that. */
  secretOf(client: OAuthClient, secret: string): Token | undefined;
}

/** A server is a client for as long as its API token lives, a service for as long as the site has it. */
export function createClients(deps: { tokens: Tokens; urls: Urls; services: () => readonly HubService[] }): Clients {
  function findService(clientId: string): OAuthClient | undefined {
    const service = deps.services().find(({ name }) => name === serviceOfClient(clientId));
    if (service?.oauth === undefined) return undefined;
    const { redirectUri, noConfirm } = service.oauth;
    const target = { kind: 'service', name: service.name } as const;
    return { id: clientId, target, redirectUri, description: `the service ${service.name}`, noConfirm };
  }

  return {
    find(clientId) {
      if (serviceOfClient(clientId) !== undefined) return findService(clientId);
      const key = serverOfClient(clientId);
      if (key === undefined) return undefined;
      const alive = deps.tokens.ofClient(clientId).some((record) => record.kind === 'server');
      if (!alive) return undefined;
      return {
        id: clientIdOf(key),
        target: { kind: 'server', ...key },
        redirectUri: `${deps.urls.userOrigin(key.owner) ?? ''}${deps.urls.prefix(key)}oauth_callback`,
        description: key.name === '' ? `the server of ${key.owner}` : `the server "${key.name}" of ${key.owner}`,
      };
    },
    secretOf(client, secret) {
      const record = deps.tokens.find(secret);
      const isClient = record?.kind === 'server' || record?.kind === 'service';
      return isClient && record.clientId === client.id ? record : undefined;
    },
  };
}
