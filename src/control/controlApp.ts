import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { TokenOffice } from '../hub/types.ts';
import { adminSchema } from '../store/schema.ts';
import { bodyOf } from './readBody.ts';
import { endStray, listStrays, startServer, stopServers } from './serverActions.ts';
import { withRequest } from '../telemetry/requestContext.ts';
import { resourceOf } from './resources.ts';
import { addTokenRoutes } from './tokenRoutes.ts';
import type { ControlParts, Resource } from './types.ts';

/** Who has the socket, or the files, is the gateway's own user or root. */
const byCommand = { from: 'this host', way: 'command line', who: 'command line' } as const;

/**
 * JSON over HTTP for the commands of this program: `/v1/<resource>[/<key>]`, and `/v1/edits`, `/v1/documents`. Who may
 * reach it may do everything; the socket's mode is the guard.
 */
export function createControlApp(parts: ControlParts & { tokens: TokenOffice }): Hono {
  const app = new Hono();
  app.use((_, next) => withRequest({ ...byCommand, requestId: randomUUID() }, next));
  app.get('/v1/edits', ({ json }) =>
    json({ edits: parts.store.hand.list(), refused: parts.store.hand.refused ?? null } as object),
  );
  app.post('/v1/edits/dismiss', async ({ env, json, req }) => {
    const { by = 'command line' } = await bodyOf({ env, req });
    return json({ dismissed: await parts.store.hand.dismiss(String(by)) });
  });
  app.get('/v1/documents', ({ json }) =>
    json({ admin: parts.store.admin.data, state: parts.store.state.data } as object),
  );
  app.put('/v1/documents/admin', async ({ env, json, req }) => {
    await replaceAdmin(parts, await bodyOf({ env, req }));
    return json({ restored: true });
  });
  app.post('/v1/servers/start', async (c) => startServer(parts, await bodyOf(c), c));
  app.post('/v1/servers/stop', async (c) => stopServers(parts, await bodyOf(c), c));
  addTokenRoutes(app, parts.tokens);
  app.get('/v1/strays', async (c) => listStrays(parts, c));
  app.post('/v1/strays/end', async (c) => endStray(parts, await bodyOf(c), c));
  app.get('/v1/:resource', ({ json, req }) => {
    const resource = resourceOf(req.param('resource'));
    return json({ columns: resource.columns, records: resource.list(parts) });
  });
  app.get('/v1/:resource/:key', ({ json, req }) =>
    json(find(parts, resourceOf(req.param('resource')), req.param('key'))),
  );
  app.post('/v1/:resource', async ({ env, json, req }) => {
    const resource = resourceOf(req.param('resource'));
    const { key = '', ...fields } = await bodyOf({ env, req });
    return json(find(parts, resource, await resource.add(parts, String(key), fields)), 201);
  });
  app.patch('/v1/:resource/:key', async ({ env, json, req }) => {
    const [resource, key] = [resourceOf(req.param('resource')), req.param('key')];
    await resource.edit(parts, key, await bodyOf({ env, req }));
    return json(resource.list(parts).find((record) => record.key === key) ?? { key });
  });
  app.delete('/v1/:resource/:key', async ({ json, req }) => {
    await resourceOf(req.param('resource')).remove(parts, req.param('key'));
    return json({ removed: req.param('key') });
  });
  app.notFound(() => answer(new GatewayError('request.not-found')));
  app.onError((thrown) => answer(toGatewayError(thrown)));
  return app;
}

function answer(error: GatewayError): Response {
  return Response.json(error.toJSON(), { status: error.status });
}

function find(parts: ControlParts, resource: Resource, key: string): Record<string, unknown> {
  const found = resource.list(parts).find((record) => record.key === key);
  if (found !== undefined) return found;
  throw new GatewayError('request.not-found', {
    message: `There is no "${key}".`,
    advice: 'List them to see what there is.',
  });
}

/** All maps as they are in the document; whatever came since goes. */
async function replaceAdmin({ store }: ControlParts, document: Record<string, unknown>): Promise<void> {
  const checked = adminSchema.safeParse(document);
  if (!checked.success) throw new GatewayError('request.invalid', { message: checked.error.message });
  const { accounts, groups, shares, announcements, servers, services, profiles } = checked.data;
  await store.hand.dismiss('restore');
  await store.admin.update((draft) => {
    Object.assign(draft, { accounts, groups, shares, announcements, servers, services, profiles });
  });
}
