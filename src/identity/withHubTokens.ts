import type { HubTokenResolver, Identify } from './types.ts';

/**
 * Lets programs through the gate by a token of the Hub: `Authorization: token …` or `Bearer …`. A token that is none of
 * ours goes on to the issuers' verification, and then to the cookie.
 */
export function withHubTokens(identify: Identify, resolve: HubTokenResolver): Identify {
  return (credentials) => {
    const token = hubTokenOf(credentials.authorization);
    return (token === undefined ? undefined : resolve(token)) ?? identify(credentials);
  };
}

/** The token of the Hub in an `Authorization` header. */
export function hubTokenOf(authorization: string | undefined): string | undefined {
  return /^(?:token|bearer) +(cgw_\S+)$/i.exec(authorization?.trim() ?? '')?.[1];
}
