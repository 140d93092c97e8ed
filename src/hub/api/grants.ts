import { z } from 'zod';
import { forbidden } from './answers.ts';
import type { ApiDeps } from './deps.ts';
import { serverOf } from './ownServer.ts';
import { defineRoute } from './route.ts';
import type { Route } from './route.ts';

/**
 * `GET /cylc/grants/{visitor}`, of our own: a UI server asks with its own token what is shared of it with a visitor, in
 * the words of Cylc's authorisation (workers/cylc/cylc_gateway_grants.py). Answered from memory: the server stands still
 * meanwhile.
 */
export function grantsRoute(deps: Pick<ApiDeps, 'cache' | 'shareOf'>): Route {
  return defineRoute({
    method: 'get',
    path: '/cylc/grants/{visitor}',
    tag: 'Shares',
    summary: 'What is shared of the calling server with a visitor?',
    description: 'For UI servers, with their own token.',
    needs: 'credentials',
    replies: {
      200: { description: 'In the words of Cylc.', schema: z.object({ permissions: z.array(z.string()) }) },
    },
    handle(call) {
      const key = serverOf(call.who);
      if (key === undefined) throw forbidden('Only a server may ask this, with its own token.');
      const visitor = deps.cache.get(call.param('visitor'));
      const share = visitor && deps.shareOf(visitor, key);
      return call.c.json({ permissions: share === undefined ? [] : permissions[share.level] });
    },
  });
}

/** Cylc's access groups; CONTROL does not contain READ (cylc-uiserver, `Authorization`). */
const permissions = { read: ['READ'], control: ['READ', 'CONTROL'] } as const;
