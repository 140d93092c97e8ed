/** Edge-safe. */
export interface ExpireOptions {
  cookie: string | undefined;
  /** With its port. */
  host: string | undefined;
  /** Of the request. */
  path: string;
  isOwnCookie: (name: string) => boolean;
  /** How much of the `Cookie` header is to go, bytes. */
  leastBytes: number;
}

/** Bound on the answer, bytes: browsers take some 256 KiB of head. What is too much goes at the next visit. */
const maxLineBytes = 131_072;
/** A deeper domain or path has no cookies of a script that anybody meant. */
const maxLabels = 6;
const maxSegments = 8;

/**
 * `Set-Cookie` values that make a browser forget cookies of which only the name is known: a cookie is one name at one
 * domain and path (RFC 6265, 5.3), so each name once for every domain and path from which this request can have got it,
 * and once for browsers that keep it apart by the top-level site (`Partitioned`).
 */
export function expireCookies({ cookie, host, path, isOwnCookie, leastBytes }: ExpireOptions): string[] {
  const places = placesOf(host, path);
  const lines: string[] = [];
  let [left, lineBytes] = [leastBytes, 0];
  for (const [name, bytes] of byWeight(cookie, isOwnCookie)) {
    if (left <= 0 || lineBytes > maxLineBytes) break;
    left -= bytes;
    for (const place of places) {
      // Browsers take these names only so (RFC 6265bis, 4.1.3)
      const line = `${name}=; Max-Age=0${place}${name.startsWith('__') ? '; Secure' : ''}`;
      lineBytes += line.length + 14;
      lines.push(line);
    }
  }
  return lines;
}

/** Names and the bytes of all cookies of that name, the heaviest first. */
function byWeight(cookie: string | undefined, isOwnCookie: (name: string) => boolean): [string, number][] {
  const weights = new Map<string, number>();
  for (const pair of cookie?.split(';') ?? []) {
    const name = pair.slice(0, Math.max(0, pair.indexOf('='))).trim();
    if (name !== '' && !isOwnCookie(name)) weights.set(name, (weights.get(name) ?? 0) + pair.length + 1);
  }
  return [...weights].toSorted(([, a], [, b]) => b - a);
}

function placesOf(host: string | undefined, path: string): string[] {
  const paths = pathsOf(path).map((one) => `; Path=${one}`);
  const domains = ['', ...domainsOf(host).map((one) => `; Domain=${one}`)];
  const apart = paths.map((one) => `${one}; Secure; Partitioned`);
  return [...domains.flatMap((domain) => paths.map((one) => one + domain)), ...apart];
}

/** `/`, `/a`, `/a/`, `/a/b`: with and without the slash are two paths to a browser. */
function pathsOf(path: string): string[] {
  const segments = path.split('/').filter((segment) => segment !== '');
  const found = ['/'];
  for (let count = 1; count <= Math.min(segments.length, maxSegments); count += 1) {
    const prefix = `/${segments.slice(0, count).join('/')}`;
    if (!prefix.includes(';')) found.push(prefix, `${prefix}/`);
  }
  return found;
}

/** The host and the domains above it, but no top-level domain; none of an address. */
function domainsOf(host: string | undefined): string[] {
  const name = host?.replace(/:[0-9]+$/, '') ?? '';
  if (name === '' || name.startsWith('[') || /^[0-9.]+$/.test(name)) return [];
  const labels = name.split('.');
  return labels.slice(0, maxLabels).flatMap((_, at) => (at < labels.length - 1 ? [labels.slice(at).join('.')] : []));
}
