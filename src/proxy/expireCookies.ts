/** Edge-safe. */
export interface ExpireOptions {
  cookie: string | undefined;
  /** With its port. */
  host: string | undefined;
  /** Of the request. */
  path: string;
  /** Whether a cookie of that name is one that signs the visitor in. */
  isOwnCookie: (name: string) => boolean;
  /** How much of the `Cookie` header is to go, bytes. */
  leastBytes: number;
  /** How much has to, bytes: those that sign the visitor in go only where this cannot be had without them. */
  mustBytes: number;
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
export function expireCookies({ cookie, host, path, isOwnCookie, leastBytes, mustBytes }: ExpireOptions): string[] {
  const places = placesOf(host, path);
  const lines: string[] = [];
  let [gone, lineBytes] = [0, 0];
  const weights = byWeight(cookie);
  const take = (which: [string, number][]): void => {
    for (const [name, bytes] of which) {
      if (gone >= leastBytes || lineBytes > maxLineBytes) break;
      gone += bytes;
      for (const place of places) {
        const line = `${lineFor(name)}${place}`;
        lineBytes += line.length + 14;
        lines.push(line);
      }
    }
  };
  take(weights.filter(([name]) => !isOwnCookie(name)));
  if (gone < mustBytes) take(weights.filter(([name]) => isOwnCookie(name)));
  return lines;
}

/** A cookie without name and value would be ignored (RFC 6265bis, 5.7). */
function lineFor(name: string): string {
  // Browsers take these names only so (RFC 6265bis, 4.1.3)
  return `${name}=${name === '' ? 'x' : ''}; Max-Age=0${name.startsWith('__') ? '; Secure' : ''}`;
}

/**
 * Names and the bytes of all cookies of that name, the heaviest first. Chromium lets a script set cookies without a
 * name, one a path and domain, and sends their values alone (RFC 6265bis, 5.8.3).
 */
function byWeight(cookie: string | undefined): [string, number][] {
  const weights = new Map<string, number>();
  for (const pair of cookie?.split(';') ?? []) {
    const name = pair.slice(0, Math.max(0, pair.indexOf('='))).trim();
    if (pair.trim() !== '') weights.set(name, (weights.get(name) ?? 0) + pair.length + 1);
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
