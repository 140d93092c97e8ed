import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Whether a request that changes something came from a page of ours. Browsers say so themselves by fetch metadata
 * (W3C Fetch Metadata, `Sec-Fetch-Site`), though not to plain-http hosts other than localhost; then by `Origin`
 * (RFC 6454); and for those that send neither there is a token in the form. Used by every page and by the Hub API.
 */

export interface CsrfRequest {
  method: string;
  /** `Sec-Fetch-Site`. */
  fetchSite: string | undefined;
  origin: string | undefined;
  host: string | undefined;
  /** Form field `_csrf` or header `X-Gateway-CSRF`. */
  token?: string | undefined;
  /** What the token must be bound to: the session's id, or the id of the sign-in under way. */
  boundTo?: string | undefined;
  /** And what it is for. */
  action?: string | undefined;
}

/**
 * What a form or a call of the API does, as far as its address tells: one whose token was read does not give away the
 * others. `url` may have an origin and a query, which do not count.
 */
export function formAction(method: string, url: string): string {
  return `${method} ${new URL(url, 'http://any').pathname}`;
}

/**
 * By `Sec-Fetch-Mode`; what sends none is a program, or a browser that has only the token to go by. Pages are for eyes: a
 * script (of a UI server's page, which shares our origin) may neither read one nor send its form.
 */
export function isNavigation(mode: string | undefined): boolean {
  return mode === undefined || mode === 'navigate';
}

export type CsrfVerdict = { ok: true; by: string } | { ok: false; reason: string };

export interface Csrf {
  /** The token to put into a form shown to that session, good for this one action. */
  token(boundTo: string, action: string): string;
  check(request: CsrfRequest): CsrfVerdict;
}

/** Methods that change nothing (RFC 9110, 9.2.1); pages must hold to that. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export function createCsrf(options: { secret: Uint8Array; publicOrigin: string }): Csrf {
  const token = (boundTo: string, action: string): string =>
    createHmac('sha256', options.secret)
      .update(`csrf:${JSON.stringify([boundTo, action])}`)
      .digest('base64url');

  return {
    token,
    check(request) {
      if (safeMethods.has(request.method)) return { ok: true, by: 'method' };
      const { fetchSite, origin } = request;
      if (origin !== undefined && !isOurs(origin, request.host, options.publicOrigin))
        return { ok: false, reason: 'origin is another' };
      if (fetchSite === 'same-origin') return { ok: true, by: 'fetch metadata' };
      if (fetchSite === 'same-site' || fetchSite === 'cross-site')
        return { ok: false, reason: `fetch metadata: ${fetchSite}` };
      if (origin !== undefined) return { ok: true, by: 'origin' };
      const { boundTo, action } = request;
      if (boundTo !== undefined && action !== undefined && isSame(request.token, token(boundTo, action)))
        return { ok: true, by: 'token' };
      return { ok: false, reason: 'no fetch metadata, no origin and no token' };
    },
  };
}

/** Our public origin, or the host that the request itself went to (a second name of ours, a tunnel). */
function isOurs(origin: string, host: string | undefined, publicOrigin: string): boolean {
  if (origin === publicOrigin) return true;
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host;
}

function isSame(given: string | undefined, wanted: string): boolean {
  if (given === undefined) return false;
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
