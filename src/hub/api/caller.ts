import type { Context } from 'hono';
import { GatewayError } from '../../errors.ts';
import { formAction } from '../../identity/csrf.ts';
import type { Csrf } from '../../identity/csrf.ts';
import type { Identify } from '../../identity/types.ts';
import type { Principal, Principals } from '../principals.ts';
import { covers } from '../scopes/scopeSet.ts';
import { assertAdmitted } from '../serverTokens.ts';
import { bearerToken } from '../tokens/tokenText.ts';

export interface CallerParts {
  principals: Principals;
  identify: () => Identify | undefined;
  csrf: () => Csrf | undefined;
}

/**
 * Who calls: by a token of the Hub, by a token of an issuer that the site trusts, or by a browser's sign-in. A browser
 * must also send a token that a page of ours has for this very call (`X-Gateway-CSRF`, or JupyterHub's `X-XSRFToken`):
 * pages of UI servers share our origin, and could otherwise call the API in their visitor's name. Undefined for nobody.
 */
export function createCaller(parts: CallerParts): (c: Context) => Promise<Principal | undefined> {
  return async (c) => {
    const authorization = c.req.header('authorization');
    if (authorization !== undefined) {
      const who = await ofHeader(parts, authorization);
      assertAdmitted(who?.record, c);
      return who;
    }
    const cookie = c.req.header('cookie');
    return cookie === undefined ? undefined : byCookie(parts, c, cookie);
  };
}

/** Whose header it is, if the scope is theirs without any filter. Asked by the public listener: of no server. */
export async function holderOf(
  parts: Omit<CallerParts, 'csrf'>,
  authorization: string,
  scope: string,
): Promise<string | undefined> {
  const who = await ofHeader(parts, authorization);
  if (who?.record?.kind === 'server') return undefined;
  return who !== undefined && covers(who.scopes, scope, undefined, parts.principals.groupsOf) ? who.name : undefined;
}

async function ofHeader(parts: Omit<CallerParts, 'csrf'>, authorization: string): Promise<Principal | undefined> {
  const token = bearerToken(authorization);
  if (token === undefined) return undefined;
  const known = parts.principals.ofToken(token);
  if (known !== undefined) return known;
  const verified = await parts.identify()?.({ cookie: undefined, authorization: `Bearer ${token}` });
  return verified?.ok === true ? parts.principals.ofIdentity(verified.value) : undefined;
}

async function byCookie(parts: CallerParts, c: Context, cookie: string): Promise<Principal | undefined> {
  const verified = await parts.identify()?.({ cookie, authorization: undefined });
  if (verified?.ok !== true) return undefined;
  const csrf = parts.csrf();
  const token = c.req.header('x-gateway-csrf') ?? c.req.header('x-xsrftoken');
  const proof = { token, boundTo: verified.value.sessionId, action: formAction(c.req.method, c.req.url) };
  const nothingElse = { method: 'POST', fetchSite: undefined, origin: undefined, host: undefined };
  if (csrf?.check({ ...nothingElse, ...proof }).ok !== true)
    throw new GatewayError('access.origin', {
      message: 'A browser’s sign-in alone may not use this API.',
      advice: 'Send the header X-Gateway-CSRF of our own pages, or use a token.',
    });
  return parts.principals.ofIdentity(verified.value);
}
