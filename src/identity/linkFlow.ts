import type { Context } from 'hono';
import type { Account } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import { readForm } from '../listen/bodyFormats.ts';
import { bodyLimits } from '../listen/requestBody.ts';
import { begin, fail, isOurs, nextOf, show } from './signInParts.ts';
import type { SignInParts } from './signInParts.ts';

/** Signing in by a one-time link: opening it only asks, the button uses it up. */
export async function showLink(c: Context, parts: SignInParts, link: string, next: string): Promise<Response> {
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
  const { link = '', next: wanted } = await readForm(c, bodyLimits.anonymous);
  const account = await accountOf(link, parts);
  if (account === undefined) return fail(c, parts, new GatewayError('auth.link'));
  const begun = await parts.client.begin();
  if (parts.links?.take(link) === undefined) return fail(c, parts, new GatewayError('auth.link'));
  parts.grant(begun.state, account.name);
  const next = nextOf(wanted, parts);
  return begin(c, parts, { ...begun, by: 'link', next });
}

async function accountOf(link: string, parts: SignInParts): Promise<Account | undefined> {
  const name = parts.links?.peek(link);
  const found = name === undefined ? undefined : await parts.people.byName(name);
  return found?.ok === true ? found.account : undefined;
}
