import { Hono } from 'hono';
import type { Context } from 'hono';
import { toGatewayError } from '../errors.ts';
import type { TokenDesk } from '../hub/types.ts';
import type { PagesEnv } from './guard.ts';
import { toHtml } from './layout.tsx';
import { readOptions, withValues } from './optionsInput.ts';
import type { Shell } from './shell.ts';
import { toAskedToken, tokenForm } from './tokenForm.ts';
import { TokenPage } from './tokenPage.tsx';
import type { TokenPageProps } from './tokenPage.tsx';

export interface TokenRoutesParts {
  shell: Shell;
  tokens: TokenDesk;
}

type C = Context<PagesEnv>;

/** One's own tokens: what there is, a new one, revoking. */
export function tokenRoutes(parts: TokenRoutesParts): Hono<PagesEnv> {
  const app = new Hono<PagesEnv>();
  app.get('/token', (c) => page(parts, c, { form: tokenForm(parts.tokens.longestS) }));
  app.post('/token', (c) => make(parts, c));
  app.post('/token/revoke', async (c) => {
    const id = c.get('posted')['token'];
    if (typeof id === 'string') await parts.tokens.revoke(c.get('who'), id);
    return c.redirect(parts.shell.urls.hub('token'), 303);
  });
  return app;
}

function page(
  { shell, tokens }: TokenRoutesParts,
  c: C,
  more: Pick<TokenPageProps, 'form' | 'error' | 'fresh'>,
): Response | Promise<Response> {
  const who = c.get('who');
  const props = { shell, who, tokens: tokens.list(who.account.name), ...more };
  return c.html(toHtml(TokenPage(props)), (more.error?.status ?? 200) as 200);
}

/** The new token is in the answer to its form alone: no address and no later page has it. */
async function make(parts: TokenRoutesParts, c: C): Promise<Response> {
  const form = tokenForm(parts.tokens.longestS);
  const values = readOptions(form, c.get('posted'));
  try {
    const { token } = await parts.tokens.make(c.get('who'), toAskedToken(values));
    return await page(parts, c, { form, fresh: token });
  } catch (thrown) {
    const error = toGatewayError(thrown);
    if (error.code !== 'request.invalid') throw error;
    return page(parts, c, { form: withValues(form, values), error });
  }
}
