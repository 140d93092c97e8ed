import type { Context } from 'hono';
import { GatewayError } from '../errors.ts';
import { keyText } from '../servers/types.ts';
import { parseKey, serverResource } from './serverResource.ts';
import type { ControlParts } from './types.ts';

type Body = Record<string, unknown>;

/** `{ server: "alice/" }`: starts it with the options it had last; a gateway that is down does it when it is up. */
export async function startServer(parts: ControlParts, body: Body, c: Context): Promise<Response> {
  const key = String(body['server']);
  const known = serverResource.list(parts).some((server) => server.key === key);
  if (known) await serverResource.edit(parts, key, { desired: 'up' });
  else await serverResource.add(parts, key, { desired: 'up' });
  return c.json({ server: key }, 202);
}

/** `{ server: "alice/" }`, or null for all: resolves when they have stopped. Only a running gateway can. */
export async function stopServers({ servers }: ControlParts, body: Body, c: Context): Promise<Response> {
  if (servers === undefined) throw isDown();
  const only = typeof body['server'] === 'string' ? keyText(parseKey(body['server'])) : undefined;
  const running = servers
    .list()
    .filter((view) => view.phase !== 'stopped' && view.phase !== 'failed')
    .filter((view) => only === undefined || keyText(view) === only);
  const ends = await Promise.allSettled(running.map((view) => servers.stop(view, { by: 'command line' })));
  const names = running.map(keyText);
  const failed = ends.flatMap((end, index) =>
    end.status === 'rejected' ? { server: names[index], reason: (end.reason as Error).message } : [],
  );
  return c.json({ stopped: names.filter((_, index) => ends[index]?.status === 'fulfilled'), failed });
}

/** Servers that run without a record, as after `state.json` was lost. */
export async function listStrays({ strays }: ControlParts, c: Context): Promise<Response> {
  if (strays === undefined) throw isDown();
  return c.json({ strays: await strays.list() } as object);
}

/** `{ pid: 1234 }`. */
export async function endStray({ strays }: ControlParts, body: Body, c: Context): Promise<Response> {
  if (strays === undefined) throw isDown();
  await strays.end(Number(body['pid']));
  return c.json({ ended: Number(body['pid']) });
}

function isDown(): GatewayError {
  return new GatewayError('request.not-found', { message: 'The gateway is down.', advice: 'Start it first.' });
}
