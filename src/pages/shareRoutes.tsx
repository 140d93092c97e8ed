import { Hono } from 'hono';
import type { Context } from 'hono';
import type { Clock } from '../clock.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { ServerKey } from '../servers/types.ts';
import type { ShareLinks, Shares } from '../shares/types.ts';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import { serverPage } from './links.ts';
import { readOptions, withValues } from './optionsInput.ts';
import { shareForm, toShareRequest } from './shareForm.ts';
import { linkForm, toLinkWish } from './shareLinkForm.ts';
import { SharePage } from './sharePage.tsx';
import type { SharePageProps } from './sharePage.tsx';
import type { Shell } from './shell.ts';

export interface ShareRoutesParts {
  shell: Shell;
  shares: Shares;
  shareLinks: ShareLinks;
  clock: Clock;
}

type C = Context<PagesEnv>;

/** Sharing one's own server: what is given, giving, taking back, and links for whoever has them. */
export function shareRoutes(parts: ShareRoutesParts): Hono<PagesEnv> {
  const app = new Hono<PagesEnv>();
  for (const path of ['/unshare/:user', '/unshare/:user/:server']) app.post(path, (c) => revoke(parts, c));
  for (const path of ['/share-link/:user', '/share-link/:user/:server']) app.post(path, (c) => makeLink(parts, c));
  for (const path of ['/end-link/:user', '/end-link/:user/:server']) app.post(path, (c) => endLink(parts, c));
  for (const path of ['/share/:user', '/share/:user/:server']) {
    app.get(path, (c) => show(parts, c));
    app.post(path, (c) => grant(parts, c));
  }
  return app;
}

/** The server of the address, for its owner alone: not even an admin shares what is another's. */
function ownKey(c: C): ServerKey {
  const owner = c.req.param('user') ?? '';
  if (owner !== c.get('who').account.name)
    throw new GatewayError('access.denied', { advice: 'Only its owner can share it.' });
  return { owner, name: c.req.param('server') ?? '' };
}

function page(
  { shell, shares, shareLinks }: ShareRoutesParts,
  c: C,
  key: ServerKey,
  more: Pick<SharePageProps, 'form' | 'error' | 'fresh'>,
): Response | Promise<Response> {
  const given = shares.list((share) => share.owner === key.owner && share.server === key.name);
  const needsRestart = shares.needsRestart(key);
  const links = shareLinks.list(key);
  const props = { shell, who: c.get('who'), server: key, shares: given, needsRestart, links, ...more };
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
    if (error.code !== 'request.invalid' && error.code !== 'share.limit') throw error;
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

/** The link is in the answer to its form alone: no later page has it. */
async function makeLink(parts: ShareRoutesParts, c: C): Promise<Response> {
  const key = ownKey(c);
  const values = readOptions(linkForm, c.get('posted'));
  const code = await parts.shareLinks.make({ key, ...toLinkWish(values) });
  const { urls } = parts.shell;
  const fresh = `${urls.origin}${urls.hub('accept-share')}?code=${encodeURIComponent(code)}`;
  return page(parts, c, key, { form: shareForm(c.get('who').account), fresh });
}

async function endLink({ shell, shareLinks }: ShareRoutesParts, c: C): Promise<Response> {
  const key = ownKey(c);
  const id = c.get('posted')['link'];
  if (typeof id === 'string') await shareLinks.revoke(key, id);
  return c.redirect(serverPage(shell.urls, 'share', key), 303);
}
