import { pathFault } from './canonical.ts';

/** Cookie rules of the hop, on the raw text: what stays is passed on byte for byte. Edge-safe. */

/** Cookies of the gateway itself, whatever prefix they bear. None ever reaches an upstream. */
export function isGatewayCookie(name: string): boolean {
  const plain = name.startsWith('__Host-') ? name.slice(7) : name.startsWith('__Secure-') ? name.slice(9) : name;
  return plain === 'cylc-gateway' || plain.startsWith('cylc-gateway-');
}

/** Names that an upstream may not set: ours, and the one that JupyterHub's XSRF check is tied to. */
export function isReservedCookie(name: string): boolean {
  const lower = name.toLowerCase();
  return lower.includes('cylc-gateway') || lower === 'jupyterhub-session-id';
}

/**
 * Removes cookies from a `Cookie` header. Undefined where none is left; the same string where all stay, so that
 * nothing is encoded anew.
 */
export function keepCookies(header: string, drop: (name: string, value: string) => boolean): string | undefined {
  let kept = '';
  let dropped = false;
  for (let start = 0; start <= header.length;) {
    const semicolon = header.indexOf(';', start);
    const end = semicolon === -1 ? header.length : semicolon;
    const pair = header.slice(start, end).trim();
    start = end + 1;
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals).trimEnd();
    if (isGatewayCookie(name) || drop(name, equals === -1 ? '' : pair.slice(equals + 1).trimStart())) dropped = true;
    else kept = kept === '' ? pair : `${kept}; ${pair}`;
  }
  if (!dropped) return header;
  return kept === '' ? undefined : kept;
}

/**
 * Confines a `Set-Cookie` of an upstream to its path prefix (RFC 6265, 5.2): no Domain, a Path within the prefix.
 * Undefined for a name that is not the upstream's to set.
 */
export function confineSetCookie(header: string, prefix: string): string | undefined {
  const parts = header.split(';');
  const pair = parts[0]!;
  const name = pair.slice(0, Math.max(0, pair.indexOf('='))).trim();
  if (name === '' || isReservedCookie(name)) return undefined;
  let path = prefix;
  const kept = [pair.trim()];
  for (const part of parts.slice(1)) {
    const equals = part.indexOf('=');
    const key = (equals === -1 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (key === 'path') path = within(part.slice(equals + 1).trim(), prefix);
    else if (key !== 'domain' && key !== '') kept.push(part.trim());
  }
  kept.push(`Path=${path}`);
  return kept.join('; ');
}

/** With a dot segment, the text may begin with the prefix while the path that it stands for does not. */
function within(path: string, prefix: string): string {
  return pathFault(path) === undefined && (path.startsWith(prefix) || `${path}/` === prefix) ? path : prefix;
}
