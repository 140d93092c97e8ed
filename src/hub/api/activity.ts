import { Hono } from 'hono';
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import type { ServerKey } from '../../servers/types.ts';
import type { Bearer } from '../principals.ts';
import { serverOfClient } from '../clientId.ts';
import { requireBearer } from './requireBearer.ts';
import type { BearerEnv } from './requireBearer.ts';

const timestamp = z.iso.datetime({ offset: true, local: true });
const activitySchema = z.object({
  last_activity: timestamp.optional(),
  servers: z.record(z.string(), z.object({ last_activity: timestamp })).optional(),
});

/**
 * `POST /users/:name/activity`: a server says that it is there. Its times are not used for idle culling, since they
 * do not move while only Cylc is used (contract, section 3.3): the hop counts what people do.
 */
export function createActivityRoute(deps: {
  resolve: (token: string) => Bearer | undefined;
  onContact: (key: ServerKey) => void;
}): Hono<BearerEnv> {
  const app = new Hono<BearerEnv>();
  app.post('/users/:name/activity', requireBearer(deps), async (c) => {
    const { record } = c.get('bearer');
    const mayReport = record.scopes.includes(`users:activity!user=${record.owner}`);
    if (!mayReport || record.owner !== c.req.param('name')) throw new GatewayError('request.not-found');
    const body = activitySchema.safeParse(await c.req.json().catch(() => undefined));
    if (!body.success) throw new GatewayError('request.invalid', { cause: body.error });
    const key = record.clientId === null ? undefined : serverOfClient(record.clientId);
    if (key !== undefined) noteServers(key, Object.keys(body.data.servers ?? {}), deps.onContact);
    return c.body(null, 200);
  });
  return app;
}

function noteServers(key: ServerKey, names: readonly string[], onContact: (key: ServerKey) => void): void {
  if (names.some((name) => name !== key.name))
    throw new GatewayError('request.invalid', { message: 'A server may report its own activity only.' });
  onContact(key);
}
