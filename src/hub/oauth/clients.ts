import type { Target } from '../../access/types.ts';
import type { Urls } from '../../urls.ts';
import { clientIdOf, serverOfClient } from '../clientId.ts';
import { hashToken } from '../tokens/tokenText.ts';
import type { Tokens } from '../tokens/createTokens.ts';

/** A program that signs its visitors in through us; its API token is its secret. */
export interface OAuthClient {
  id: string;
  target: Target;
  /** A path, compared exactly. */
  redirectUri: string;
  /** For the confirm page. */
  description: string;
}

export interface Clients {
  find(clientId: string): OAuthClient | undefined;
  /** RFC 6749, 2.3.1. */
  secretFits(client: OAuthClient, secret: string): boolean;
}

/** A server is a client for as long as its API token lives. */
export function createClients(deps: { tokens: Tokens; urls: Urls }): Clients {
  return {
    find(clientId) {
      const key = serverOfClient(clientId);
      if (key === undefined) return undefined;
      const alive = deps.tokens.list((record) => record.kind === 'server' && record.clientId === clientId).length > 0;
      if (!alive) return undefined;
      return {
        id: clientIdOf(key),
        target: { kind: 'server', ...key },
        redirectUri: `${deps.urls.prefix(key)}oauth_callback`,
        description: key.name === '' ? `the server of ${key.owner}` : `the server "${key.name}" of ${key.owner}`,
      };
    },
    secretFits(client, secret) {
      const record = deps.tokens.find(secret);
      return record?.kind === 'server' && record.clientId === client.id && record.hash === hashToken(secret);
    },
  };
}
