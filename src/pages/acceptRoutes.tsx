import { Hono } from 'hono';
import type { Context } from 'hono';
import { GatewayError } from '../errors.ts';
import type { ShareCode, ShareCodes } from '../shares/types.ts';
import { AcceptPage } from './acceptPage.tsx';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import type { Shell } from './shell.ts';

export interface AcceptRoutesParts {
  shell: Shell;
  shareCodes: ShareCodes;
}

type C = Context<PagesEnv>;

/** Where share links lead: what is given, and taking it. */
export function acceptRoutes(parts: AcceptRoutesParts): Hono<PagesEnv> {
  const app = new Hono<PagesEnv>();
  app.get('/accept-share', (c) => {
    const code = c.req.query('code') ?? '';
    const found = foundCode(parts, c, code);
    return c.html(toHtml(<AcceptPage shell={parts.shell} who={c.get('who')} found={found} code={code} />));
  });
  app.post('/accept-share', (c) => accept(parts, c));
  return app;
}

/** A code that somebody else may use: its owner has no need of it. */
function foundCode({ shareCodes }: AcceptRoutesParts, c: C, code: string): ShareCode {
  const found = shareCodes.find(code);
  if (found === undefined)
    throw new GatewayError('request.not-found', {
      message: 'This share link is not known, or has ended.',
      advice: 'Open it once more as it was given to you, or ask for a new one.',
    });
  if (found.key.owner === c.get('who').account.name)
    throw new GatewayError('access.denied', {
      message: 'This is a link to your own server.',
      advice: 'Give it to somebody else.',
    });
  return found;
}

async function accept(parts: AcceptRoutesParts, c: C): Promise<Response> {
  const { code } = c.get('posted');
  const text = typeof code === 'string' ? code : '';
  const { key } = foundCode(parts, c, text);
  await parts.shareCodes.exchange(text, c.get('who').account.name);
  return c.redirect(parts.shell.urls.prefix(key), 303);
}
