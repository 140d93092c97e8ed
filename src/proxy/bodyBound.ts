import { GatewayError } from '../errors.ts';
import { bodyLimits, bodyTooLarge } from '../listen/requestBody.ts';
import type { CanonicalRequest } from './canonical.ts';

/** Why a body for the gateway's own application is not begun to be read; undefined where its route may read it. */
export type BodyBound = (request: CanonicalRequest) => GatewayError | undefined;

/**
 * The bound that holds before routing, by the longest body that any route of that part takes. What comes in chunks
 * announces nothing: the routes count it as they read (`listen/requestBody.ts`), which the built-in provider does not.
 */
export function createBodyBound({ api, provider }: { api: string; provider: string }): BodyBound {
  return ({ path, contentLength = 0, chunked }) => {
    const ofProvider = path.startsWith(provider);
    if (ofProvider && chunked) return new GatewayError('request.length');
    const most = ofProvider ? bodyLimits.anonymous : path.startsWith(api) ? bodyLimits.api : bodyLimits.form;
    return contentLength > most ? bodyTooLarge(most) : undefined;
  };
}
