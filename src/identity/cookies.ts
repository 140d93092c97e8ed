/**
 * Reading the `Cookie` header (RFC 6265, 4.2.1) without building an object of all cookies: it is done on every
 * request. Runs in workerd too.
 */

/** At most so many cookies of one name are looked at: more is an attack, not an accident. */
const maxOfOneName = 4;

/**
 * Values of all cookies of that name, in the order sent. There may be two (another path or domain), and the stale
 * one may come first, so callers try each.
 */
export function cookieValues(header: string | undefined, name: string): string[] {
  const found: string[] = [];
  if (header === undefined) return found;
  let at = header.indexOf(name);
  while (at !== -1 && found.length < maxOfOneName) {
    const equals = at + name.length;
    if (header.charCodeAt(equals) === 61 && startsPair(header, at)) found.push(valueAt(header, equals + 1));
    at = header.indexOf(name, equals);
  }
  return found;
}

/** There are as many of that name as are looked at: what others planted may hide the good one. */
export function isCrowded(header: string | undefined, name: string): boolean {
  return cookieValues(header, name).length >= maxOfOneName;
}

/** Names of the cookies that start with the prefix, in the order sent. */
export function cookieNames(header: string | undefined, prefix: string): string[] {
  if (header === undefined || !header.includes(prefix)) return [];
  return header
    .split(';')
    .map((pair) => pair.slice(0, pair.indexOf('=')).trim())
    .filter((name) => name.startsWith(prefix));
}

/** Only blanks between here and the semicolon (or the beginning) before it. */
function startsPair(header: string, at: number): boolean {
  let before = at - 1;
  while (before >= 0 && isBlank(header.charCodeAt(before))) before -= 1;
  return before < 0 || header.charCodeAt(before) === 59;
}

function valueAt(header: string, from: number): string {
  const end = header.indexOf(';', from);
  const value = header.slice(from, end === -1 ? undefined : end).trim();
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** Names of the gateway's own cookies; none of them may reach an upstream, nor be set by one. */
export interface CookieNames {
  session: string;
  /** Prefix of the cookies that hold a sign-in under way, one a tab. */
  login: string;
  csrf: string;
  /** Counts how often the browser was sent on from the sign-in lately. */
  turns: string;
}

/**
 * `__Host-` (RFC 6265bis, 4.1.3.2) keeps sibling domains from planting a cookie; browsers take it over https only,
 * and `http://localhost` is for trying things out.
 */
export function ownCookieNames(secure: boolean): CookieNames {
  const prefix = secure ? '__Host-' : '';
  return {
    session: `${prefix}cylc-gateway`,
    login: `${prefix}cylc-gateway-login-`,
    csrf: `${prefix}cylc-gateway-csrf`,
    turns: `${prefix}cylc-gateway-turns`,
  };
}

/** JupyterHub's session id cookie, which UI servers bind their XSRF token to: they must see it. */
export const hubSessionCookie = 'jupyterhub-session-id';

/**
 * `Set-Cookie` of that cookie where the browser has none of this session: a sign-in that is not ours (a token of the
 * site's single sign-on) has not set it.
 */
export function missingHubSession(header: string | undefined, sessionId: string, secure: boolean): string | undefined {
  if (cookieValues(header, hubSessionCookie).includes(sessionId)) return undefined;
  return `${hubSessionCookie}=${sessionId}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** Whether a cookie of that name is ours, by either spelling. */
export function isOwnCookie(name: string): boolean {
  const bare = name.startsWith('__Host-') ? name.slice(7) : name;
  return bare === 'cylc-gateway' || bare.startsWith('cylc-gateway-');
}
