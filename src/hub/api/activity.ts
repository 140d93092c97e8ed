import { z } from 'zod';
import type { ServerKey } from '../../servers/types.ts';
import { empty, invalid } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { serverOf } from './ownServer.ts';
import { defineRoute } from './route.ts';
import type { Call, Route } from './route.ts';
import { findUser } from './users.ts';

const timestamp = z.iso.datetime({ offset: true, local: true });
const body = z.object({
  last_activity: timestamp.nullable().optional(),
  servers: z.record(z.string(), z.object({ last_activity: timestamp })).optional(),
});

/** More than this in the future is refused, as in JupyterHub, ms. */
const aheadMs = 59 * 60_000;

/**
 * A server says that it is there. Its times are not used for idle culling, since they do not move while only Cylc is
 * used (contract, section 3.3): the hop counts what people do.
 */
export function activityRoutes(deps: ApiDeps): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/users/{name}/activity',
      tag: 'Users',
      summary: 'Report activity',
      description:
        'Checked and answered as JupyterHub does, though the times are not used: the gateway sees activity itself.',
      needs: ['users:activity'],
      subject: 'user',
      body: { schema: body, required: true },
      replies: { 200: { description: 'Noted.' }, 400: { description: 'A time or a server is not valid.' } },
      async handle(call) {
        const user = await findUser(deps, call);
        const { last_activity: last, servers = {} } = await call.body();
        if (!last && Object.keys(servers).length === 0)
          throw invalid('body must contain at least one of `last_activity` or `servers`');
        const times = [last, ...Object.values(servers).map((server) => server.last_activity)];
        if (times.some((time) => Date.parse(time ?? '') > deps.clock.now() + aheadMs))
          throw invalid('Rejecting activity from more than an hour in the future.');
        const keys = Object.keys(servers).map((name) => ({ owner: user.name, name }));
        if (keys.some((key) => !exists(deps, call.who, key))) throw invalid('No such server of that user.');
        noteContact(deps, call, keys);
        return empty(call, 200);
      },
    }),
  ];
}

/** A server that calls for itself exists, whatever its record says by now. */
function exists(deps: ApiDeps, who: Call['who'], key: ServerKey): boolean {
  const own = serverOf(who);
  if (own?.owner === key.owner && own.name === key.name) return true;
  return key.name === '' || deps.servers().get(key) !== undefined;
}

/** With an answer on its socket, the server's own call is the proof that it is ready. */
function noteContact(deps: ApiDeps, { who }: Pick<Call, 'who'>, keys: readonly ServerKey[]): void {
  const own = serverOf(who);
  if (own === undefined) return;
  if (keys.some((key) => key.name !== own.name || key.owner !== own.owner))
    throw invalid('A server may report its own activity only.');
  deps.onContact(own);
}
