import type { Hono } from 'hono';
import { GatewayError } from '../errors.ts';
import type { TokenOffice } from '../hub/types.ts';
import { bodyOf } from './readBody.ts';

/** `/v1/tokens`: list, make (the token is in that answer alone), revoke by id or by the token itself. */
export function addTokenRoutes(app: Hono, tokens: TokenOffice): void {
  app.get('/v1/tokens', ({ json }) => json({ tokens: tokens.list() } as object));
  app.post('/v1/tokens', async ({ env, json, req }) => {
    const { owner, note, scopes, lifetimeS } = await bodyOf({ env, req });
    const made = await tokens.make({
      owner: String(owner),
      note: typeof note === 'string' ? note.slice(0, 500) : 'Made on the command line',
      scopes: Array.isArray(scopes) ? scopes.map(String) : undefined,
      lifetimeS: typeof lifetimeS === 'number' ? lifetimeS : undefined,
    });
    return json({ token: made.token, ...made.entry } as object, 201);
  });
  app.post('/v1/tokens/revoke', async ({ env, json, req }) => {
    const { id, token } = await bodyOf({ env, req });
    const entry = await tokens.revoke(typeof token === 'string' ? { token } : { id: String(id) });
    if (entry !== undefined) return json({ revoked: entry } as object);
    throw new GatewayError('request.not-found', {
      message: 'There is no such token (any more).',
      advice: 'List them to see what there is: cylc-gateway token list.',
    });
  });
}
