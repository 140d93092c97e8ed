import type { Context } from 'hono';
import type { Account } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import { readForm } from '../listen/bodyFormats.ts';
import { bodyLimits } from '../listen/requestBody.ts';
import { letIn } from './letIn.ts';
import { fail, isOurs, nextOf, show } from './signInParts.ts';
import type { SignInParts } from './signInParts.ts';

/** Signing in by a one-time link: opening it only asks, the button uses it up. */
export async function showLink(c: Context, parts: SignInParts, link: string, next: string): Promise<Response> {
  if (!parts.isLinkHost(c.req.header('host'))) return fail(c, parts, wrongHost(parts));
  const account = await accountOf(link, parts);
  if (account === undefined) return fail(c, parts, new GatewayError('auth.link'));
  return show(c, parts, {
    kind: 'confirm-link',
    displayName: account.displayName,
    action: parts.urls.hub('login'),
    fields: { link, next },
  });
}

export async function takeLink(c: Context, parts: SignInParts): Promise<Response> {
  if (!isOurs(c, parts)) return fail(c, parts, new GatewayError('access.origin'));
  if (!parts.isLinkHost(c.req.header('host'))) return fail(c, parts, wrongHost(parts));
  const { link = '', next: wanted } = await readForm(c, bodyLimits.anonymous);
  const account = await accountOf(link, parts);
  if (account === undefined || parts.links?.take(link) === undefined)
    return fail(c, parts, new GatewayError('auth.link'));
  const issuer = parts.urls.origin + parts.urls.hub('login');
  return letIn(c, parts, account, { method: 'link', issuer, next: nextOf(wanted, parts) });
}

function wrongHost({ urls }: SignInParts): GatewayError {
  const { origin, port, protocol } = new URL(urls.origin);
  const at = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  return new GatewayError('request.misdirected', {
    message: `Sign-in links of this gateway work at ${origin} only.`,
    advice: `The link is not used up. Open it as it was printed; from another machine, run this there first: ssh -L ${at}:localhost:${at} HOST`,
  });
}

async function accountOf(link: string, parts: SignInParts): Promise<Account | undefined> {
  const name = parts.links?.peek(link);
  const found = name === undefined ? undefined : await parts.people.byName(name);
  return found?.ok === true ? found.account : undefined;
}
