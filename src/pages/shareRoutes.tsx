import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Clock } from '../clock.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { ServerKey } from '../servers/types.ts';
import type { ShareCode, ShareCodes, Shares } from '../shares/types.ts';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import { serverPage } from './links.ts';
import { readOptions, withValues } from './optionsInput.ts';
import { shareForm, toShareRequest } from './shareForm.ts';
import { AcceptPage, SharePage } from './sharePage.tsx';
import type { SharePageProps } from './sharePage.tsx';
import type { Shell } from './shell.ts';

export interface ShareRoutesParts {
  shell: Shell;
  shares: Shares;
  shareCodes: ShareCodes;
  clock: Clock;
}

type C = Context<PagesEnv>;

/** Sharing one's own server: what is given, giving, taking back. */
export function shareRoutes(parts: ShareRoutesParts): Hono<PagesEnv> {
  const app = new Hono<PagesEnv>();
  for (const path of ['/unshare/:user', '/unshare/:user/:server']) app.post(path, (c) => revoke(parts, c));
  for (const path of ['/share/:user', '/share/:user/:server']) {
    app.get(path, (c) => show(parts, c));
    app.post(path, (c) => grant(parts, c));
  }
  app.get('/accept-share', (c) => {
    const code = c.req.query('code') ?? '';
    const found = foundCode(parts, c, code);
    return c.html(toHtml(<AcceptPage shell={parts.shell} who={c.get('who')} found={found} code={code} />));
  });
  app.post('/accept-share', (c) => accept(parts, c));
  return app;
}

/** A code that somebody else may use: its owner has no need of it. */
function foundCode({ shareCodes }: ShareRoutesParts, c: C, code: string): ShareCode {
  const found = shareCodes.find(code);
  if (found === undefined)
    throw new GatewayError('request.not-found', {
      message: 'This share link is not known, or has ended.',
      advice: 'Ask whoever gave it to you for a new one.',
    });
  if (found.key.owner === c.get('who').account.name)
    throw new GatewayError('access.denied', {
      message: 'This is a link to your own server.',
      advice: 'Give it to somebody else.',
    });
  return found;
}

async function accept(parts: ShareRoutesParts, c: C): Promise<Response> {
  const { code } = c.get('posted');
  const text = typeof code === 'string' ? code : '';
  const { key } = foundCode(parts, c, text);
  await parts.shareCodes.exchange(text, c.get('who').account.name);
  return c.redirect(parts.shell.urls.prefix(key), 303);
}

/** The server of the address, for its owner alone: not even an admin shares what is another's. */
function ownKey(c: C): ServerKey {
  const owner = c.req.param('user') ?? '';
  if (owner !== c.get('who').account.name)
    throw new GatewayError('access.denied', { advice: 'Only its owner can share it.' });
  return { owner, name: c.req.param('server') ?? '' };
}

function page(
  { shell, shares }: ShareRoutesParts,
  c: C,
  key: ServerKey,
  more: Pick<SharePageProps, 'form' | 'error'>,
): Response | Promise<Response> {
  const given = shares.list((share) => share.owner === key.owner && share.server === key.name);
  const needsRestart = shares.needsRestart(key);
  const props = { shell, who: c.get('who'), server: key, shares: given, needsRestart, ...more };
  return c.html(toHtml(SharePage(props)), (more.error?.status ?? 200) as 200);
}

function show(parts: ShareRoutesParts, c: C): Response | Promise<Response> {
  return page(parts, c, ownKey(c), { form: shareForm(c.get('who').account) });
}

async function grant(parts: ShareRoutesParts, c: C): Promise<Response> {
  const key = ownKey(c);
  const form = shareForm(c.get('who').account);
  const values = readOptions(form, c.get('posted'));
  try {
    await parts.shares.grant(toShareRequest(key, values, parts.clock.now()), key.owner);
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (error.code !== 'request.invalid') throw error;
    return page(parts, c, key, { form: withValues(form, values), error });
  }
  return c.redirect(serverPage(parts.shell.urls, 'share', key), 303);
}

async function revoke({ shell, shares }: ShareRoutesParts, c: C): Promise<Response> {
  const key = ownKey(c);
  const id = c.get('posted')['share'];
  await shares.revoke((share) => share.id === id && share.owner === key.owner && share.server === key.name, key.owner);
  return c.redirect(serverPage(shell.urls, 'share', key), 303);
}
