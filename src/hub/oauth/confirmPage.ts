import { html } from 'hono/html';
import type { Context } from 'hono';
import type { Account } from '../../access/types.ts';
import type { Urls } from '../../urls.ts';
import { pageStyle, sendPage } from './pageShell.ts';
import type { OAuthClient } from './clients.ts';

/** Asked once before another's server (or a service) learns who the visitor is, as JupyterHub asks. */
export function confirmPage(
  c: Context,
  page: { client: OAuthClient; visitor: Account; ticket: string; urls: Urls },
): Response | Promise<Response> {
  // The form's answer redirects there
  const formAction = URL.canParse(page.client.redirectUri) ? new URL(page.client.redirectUri).origin : '';
  const { target } = page.client;
  const body = html`<h1>Open ${page.client.description}?</h1>
    <p>
      It will learn that you are <strong>${page.visitor.name}</strong> and which groups you are in. The sign-in that it
      gets is good for nothing else. Go on if you trust ${target.kind === 'server' ? target.owner : 'it'}.
    </p>
    <form method="post">
      <input type="hidden" name="_xsrf" value="${page.ticket}" />
      <button type="submit">Open as ${page.visitor.name}</button>
    </form>
    <p><a href="${page.urls.hub('home')}">Not now</a></p>`;
  return sendPage(c, {
    urls: page.urls,
    title: `Open ${page.client.description}?`,
    body,
    style: pageStyle,
    formAction,
  });
}
