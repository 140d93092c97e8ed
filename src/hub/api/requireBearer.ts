import { createMiddleware } from 'hono/factory';
import { GatewayError } from '../../errors.ts';
import type { Bearer } from '../principals.ts';
import { bearerToken } from '../tokens/tokenText.ts';

export interface BearerEnv {
  Variables: { bearer: Bearer };
}

/**
 * Lets only a live Hub token pass. All else is 403, never 401, as JupyterHub answers: on 401 hubapp shows a page of
 * status 500 instead of signing the visitor in anew (contract, section 3.2).
 */
export function requireBearer(deps: { resolve: (token: string) => Bearer | undefined }) {
  return createMiddleware<BearerEnv>(async (c, next) => {
    const token = bearerToken(c.req.header('authorization'));
    const bearer = token === undefined ? undefined : deps.resolve(token);
    if (bearer === undefined)
      throw new GatewayError('access.denied', {
        message: 'Missing or invalid credentials.',
        advice: 'Send a live token: `Authorization: token …`.',
      });
    c.set('bearer', bearer);
    await next();
  });
}
