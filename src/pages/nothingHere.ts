import type { Context } from 'hono';
import { GatewayError } from '../errors.ts';
import { asked, requestIdOf } from './guard.ts';
import type { PagesEnv } from './guard.ts';
import { renderError } from './renderDecision.tsx';
import type { Shell } from './shell.ts';

/** For addresses that are no room's: the same page, or JSON, as below `/hub/`. Says nothing of who asks. */
export function createNothingHere(shell: Shell): (c: Context) => Response {
  return (c) => {
    const error = new GatewayError('request.not-found');
    const requestId = requestIdOf(c.env as PagesEnv['Bindings']);
    const { status, headers, body } = renderError(shell, error, asked(c.req.raw, requestId));
    return new Response(body, { status, headers });
  };
}
