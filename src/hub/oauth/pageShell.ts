import { randomBytes } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { GatewayError } from '../../errors.ts';
import type { Urls } from '../../urls.ts';

type Markup = ReturnType<typeof html>;

/** The few rules that the pages of the OAuth sign-in need: dark and light, wide and narrow, in the colours of all pages. */
export const pageStyle = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: light-dark(#f5f4f0, #11181a);
  color: light-dark(#1d2526, #e8edec); }
main { box-sizing: border-box; width: min(34rem, 100vw - 2rem); padding: 2rem; border-radius: 1.1rem;
  background: light-dark(#fff, #1a2326); border: 1px solid light-dark(#e2dfd7, #2b373b); overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .75rem; text-wrap: balance; }
button { font: inherit; font-weight: 620; min-height: 3.2rem; padding: .45rem 2.2rem; border: 0; border-radius: .85rem;
  background: light-dark(#0f5f66, #6fd3c6); color: light-dark(#fff, #06282a); cursor: pointer; }
button:focus-visible { outline: 3px solid light-dark(#0b7fab, #7cc7f0); outline-offset: 2px; }
a { color: light-dark(#0f5f66, #6fd3c6); }
`;

/** A page with no script and one style, which its Content-Security-Policy holds it to. */
export async function sendPage(
  c: Context,
  page: { urls: Urls; title: string; body: Markup; style: string; status?: number; formAction?: string },
): Promise<Response> {
  const nonce = randomBytes(16).toString('base64');
  c.header('cache-control', 'no-store');
  c.header('referrer-policy', 'no-referrer');
  c.header(
    'content-security-policy',
    `default-src 'none'; style-src 'nonce-${nonce}'; img-src 'self'; form-action 'self' ${page.formAction ?? ''}; base-uri 'none'; frame-ancestors 'none'`,
  );
  const text = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
        <link rel="icon" href="${page.urls.hub('favicon')}" type="image/svg+xml" />
        <style nonce="${nonce}">
          ${raw(page.style)}
        </style>
      </head>
      <body>
        <main>${page.body}</main>
      </body>
    </html>`;
  return c.html(text, (page.status ?? 200) as ContentfulStatusCode);
}

/** What a person sees whose sign-in at a UI server cannot go on. */
export function errorPage(c: Context, error: GatewayError, urls: Urls): Promise<Response> {
  const body = html`<h1>${error.message}</h1>
    <p>${error.advice}</p>
    <p><a href="${urls.hub('home')}">Home page</a></p>`;
  return sendPage(c, { urls, title: error.message, body, style: pageStyle, status: error.status });
}
