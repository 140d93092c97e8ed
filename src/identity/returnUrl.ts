/**
 * Where to go after signing in. The answer is always a path of this gateway, by the URL parser that browsers use
 * (WHATWG URL), never by a pattern: other programs' patterns were got round with `/\`, tabs, `/./\` and the like.
 */

export interface ReturnUrlOptions {
  /** `https://site.example`. */
  origin: string;
  /** Base path of the gateway without its last slash; empty at the root. */
  base: string;
}

const maxLength = 2000;
/** Pages that lead back to the sign-in: going there after it would make a circle. */
const circular = /^\/hub\/(?:login|logout|oauth_callback|oidc)(?:\/|$)/;

/** The path, query and fragment to return to; the home page where what was asked for will not do. */
export function safeReturnPath(asked: string | undefined, { origin, base }: ReturnUrlOptions): string {
  return parse(asked, origin, base) ?? `${base}/hub/home`;
}

function parse(asked: string | undefined, origin: string, base: string): string | undefined {
  if (asked === undefined || asked.length > maxLength || !isPlain(asked)) return undefined;
  if (!asked.startsWith('/') || asked.startsWith('//') || !URL.canParse(asked, origin)) return undefined;
  const url = new URL(asked, origin);
  const path = url.pathname + url.search + url.hash;
  if (url.origin !== new URL(origin).origin || url.username !== '' || url.password !== '') return undefined;
  if (path.startsWith('//') || new URL(path, origin).href !== url.href) return undefined;
  if (base !== '' && url.pathname !== base && !url.pathname.startsWith(`${base}/`)) return undefined;
  return circular.test(url.pathname.slice(base.length)) ? undefined : path;
}

/** Printable ASCII without backslash and blank: what a browser itself puts into an address. */
function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code <= 32 || code >= 127 || code === 92) return false;
  }
  return true;
}
