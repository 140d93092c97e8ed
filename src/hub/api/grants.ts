import { Hono } from 'hono';
import type { Account, Share } from '../../access/types.ts';
import { GatewayError } from '../../errors.ts';
import type { AccountCache } from '../accountCache.ts';
import { serverOfClient } from '../clientId.ts';
import type { Bearer } from '../principals.ts';
import { requireBearer } from './requireBearer.ts';
import type { BearerEnv } from './requireBearer.ts';

/**
 * `GET /cylc/grants/:visitor`, of our own: a UI server asks with its own token what is shared of it with a visitor, in the
 * words of Cylc's authorisation (workers/cylc/cylc_gateway_grants.py). Answered from memory: the server stands still
 * meanwhile.
 */
export function createGrantsRoute(deps: {
  resolve: (token: string) => Bearer | undefined;
  accounts: AccountCache;
  shareOf: (account: Account, target: { owner: string; name: string }) => Share | undefined;
}): Hono<BearerEnv> {
  const app = new Hono<BearerEnv>();
  app.get('/cylc/grants/:visitor', requireBearer(deps), (c) => {
    const { record } = c.get('bearer');
    const key = record.kind === 'server' && record.clientId !== null ? serverOfClient(record.clientId) : undefined;
    if (key === undefined) throw new GatewayError('access.denied', { facts: { why: 'not the token of a server' } });
    const visitor = deps.accounts.get(c.req.param('visitor'));
    const share = visitor && deps.shareOf(visitor, key);
    return c.json({ permissions: share === undefined ? [] : permissions[share.level] });
  });
  return app;
}

/** Cylc's access groups; CONTROL does not contain READ (cylc-uiserver, `Authorization`). */
const permissions = { read: ['READ'], control: ['READ', 'CONTROL'] } as const;
