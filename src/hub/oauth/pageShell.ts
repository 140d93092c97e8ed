import { randomBytes } from 'node:crypto';
import { html, raw } from 'hono/html';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { GatewayError } from '../../errors.ts';

type Markup = ReturnType<typeof html>;

/** The few rules that the pages of the OAuth sign-in need: dark and light, wide and narrow. */
export const pageStyle = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100dvh; display: grid; place-items: center; background: light-dark(#f4f6f8, #14181d); }
main { box-sizing: border-box; width: min(34rem, 100vw - 2rem); padding: 1.5rem; border-radius: .75rem;
  background: light-dark(#fff, #1d232b); box-shadow: 0 1px 4px #0003; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0 0 .5rem; }
button { font: inherit; padding: .6rem 1.2rem; border: 0; border-radius: .5rem; background: #0b6e6e; color: #fff; cursor: pointer; }
button:focus-visible { outline: 3px solid #4aa; outline-offset: 2px; }
a { color: light-dark(#0b6e6e, #6cc); }
`;

/** A page with no script and one style, which its Content-Security-Policy holds it to. */
export async function sendPage(
  c: Context,
  page: { title: string; body: Markup; style: string; status?: number; formAction?: string },
): Promise<Response> {
  const nonce = randomBytes(16).toString('base64');
  c.header('cache-control', 'no-store');
  c.header('referrer-policy', 'no-referrer');
  c.header(
    'content-security-policy',
    `default-src 'none'; style-src 'nonce-${nonce}'; form-action 'self' ${page.formAction ?? ''}; base-uri 'none'; frame-ancestors 'none'`,
  );
  const text = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
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
export function errorPage(c: Context, error: GatewayError, homePath: string): Promise<Response> {
  const body = html`<h1>${error.message}</h1>
    <p>${error.advice}</p>
    <p><a href="${homePath}">Home page</a></p>`;
  return sendPage(c, { title: error.message, body, style: pageStyle, status: error.status });
}
