import { z } from 'zod';
import { empty, forbidden } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { serverOf } from './ownServer.ts';
import { defineRoute } from './route.ts';
import type { Route } from './route.ts';

/**
 * `PUT /cylc/notice`, of our own: a UI server tells with its own token what its owner and administrators should know,
 * such as that the site's limits cannot be read (workers/cylc/cylc_gateway_limits.py).
 */
export function noticeRoute(deps: Pick<ApiDeps, 'servers'>): Route {
  return defineRoute({
    method: 'put',
    path: '/cylc/notice',
    tag: 'Servers',
    summary: 'A notice of the calling server for its owner',
    description: 'For UI servers, with their own token. It is shown to the owner and to administrators.',
    needs: 'credentials',
    body: { schema: z.strictObject({ text: z.string().min(1).max(1000) }), required: true },
    replies: { 204: { description: 'Noted.' } },
    async handle(call) {
      const key = serverOf(call.who);
      if (key === undefined) throw forbidden('Only a server may say this, with its own token.');
      const { text } = await call.body();
      await deps.servers().notice(key, text);
      return empty(call, 204);
    },
  });
}
