import { isOwnCookie } from '../identity/cookies.ts';
import { readCanonical } from '../proxy/canonical.ts';
import { isWebSocketUpgrade, upgradeFault } from '../proxy/upgradeRules.ts';

/** Of these a second line shows here as a list: the runtime joins lines of one name. */
const single = ['origin', 'sec-fetch-site'];

/**
 * Why the request is refused as malformed, by the gateway's own reading; undefined for a good one. The gateway behind
 * cannot see it any more: `fetch` writes the request line, framing and WebSocket handshake anew, and `URL` resolves dot
 * segments.
 */
export function requestFault(request: Request): string | undefined {
  const { method, headers } = request;
  // As it came, where the runtime has left it so: workerd does, Cloudflare by the zone's setting
  const target = request.url.replace(/^https?:\/\/[^/?#]*/i, '');
  const handshake = { method, httpVersion: '1.1', headers: Object.fromEntries(headers) };
  const upgrade = isWebSocketUpgrade(handshake);
  const read = readCanonical({ method, target, version: '1.1', headers: [...headers].flat(), upgrade });
  if (!read.ok) return read.fault;
  if (upgrade && upgradeFault(handshake) !== undefined) return upgradeFault(handshake);
  const twice = single.find((name) => headers.get(name)?.includes(','));
  if (twice !== undefined) return `second ${twice} header`;
  return hidesOwnCookie(headers.get('cookie') ?? '') ? 'second cookie header' : undefined;
}

/** In a second line of cookies, joined by a comma, the gateway would take the session for part of another's value, and let it pass. */
function hidesOwnCookie(cookie: string): boolean {
  const [, ...later] = cookie.split(',');
  return later.some((part) => isOwnCookie(part.split(/[=;]/, 1)[0]!.trim()));
}
