import { GatewayError } from '../errors.ts';
import { maxFields } from '../listen/bodyFormats.ts';
import { bodyLimits, bodyTooLarge } from '../listen/requestBody.ts';
import type { CanonicalRequest } from './canonical.ts';

/** Why a request for the gateway's own application gets no further; undefined where its route may look at it. */
export type AppBounds = (request: CanonicalRequest) => GatewayError | undefined;

/**
 * The bounds that hold before routing: a body no longer than the longest that any route of that part takes. What comes in
 * chunks announces nothing: the routes count it as they read (`listen/requestBody.ts`), which the built-in provider does
 * not. Nor does that bound its parameters, whose parsing takes time that grows with the square of their number.
 */
export function createAppBounds({ api, provider }: { api: string; provider: string }): AppBounds {
  return ({ path, query, contentLength = 0, chunked }) => {
    const ofProvider = path.startsWith(provider);
    if (ofProvider && chunked) return new GatewayError('request.length');
    if (ofProvider && query.split('&', maxFields + 1).length > maxFields) return new GatewayError('request.malformed');
    const most = ofProvider ? bodyLimits.anonymous : path.startsWith(api) ? bodyLimits.api : bodyLimits.form;
    return contentLength > most ? bodyTooLarge(most) : undefined;
  };
}
