import { Hono } from 'hono';
import type { Bearer } from '../principals.ts';
import { requireBearer } from './requireBearer.ts';
import type { BearerEnv } from './requireBearer.ts';

/** `GET /user`: whose token is this, and what may it do? The question a UI server asks of each visitor. */
export function createUserRoute(deps: { resolve: (token: string) => Bearer | undefined }): Hono<BearerEnv> {
  const app = new Hono<BearerEnv>();
  app.get('/user', requireBearer(deps), (c) => c.json(userModel(c.get('bearer'))));
  return app;
}

/**
 * JupyterHub's user model as far as its token may read it. hubapp takes the display name from the top level.
 * No `username`: hubapp would check permissions by it, and show them by `name`.
 */
function userModel(bearer: Bearer): Record<string, unknown> {
  const { account, record, scopes } = bearer;
  return {
    kind: 'user',
    name: account.name,
    admin: account.admin,
    groups: account.groups,
    display_name: account.displayName,
    user_info: null,
    token_id: record.id,
    session_id: record.sessionId,
    scopes,
  };
}
