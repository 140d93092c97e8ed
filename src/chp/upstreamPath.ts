/** What is asked of the target: its own path, then that of the request. */
export interface PathRule {
  /** Put the path of the target's URL in front (`--no-prepend-path` turns it off). */
  prependPath: boolean;
  /** Leave the routing prefix in the path (`--no-include-prefix` turns it off). */
  includePrefix: boolean;
}

export interface RequestPath {
  path: string;
  /** With its question mark, or empty. */
  query: string;
}

/** `depth` counts the segments of the routing prefix in the request's own path, the host of host routing aside. */
export function upstreamPath(asked: RequestPath, target: URL, depth: number, rule: PathRule): RequestPath {
  const path = rule.includePrefix ? asked.path : withoutPrefix(asked.path, depth);
  if (!rule.prependPath) return { path, query: asked.query };
  return { path: join(target.pathname, path), query: joinQueries(target.search, asked.query) };
}

function withoutPrefix(path: string, depth: number): string {
  let at = 0;
  while (path[at + 1] === '/') at += 1;
  for (let left = depth; left > 0 && at !== -1; left -= 1) at = path.indexOf('/', at + 1);
  return at === -1 ? '/' : path.slice(at);
}

function join(base: string, path: string): string {
  return base.endsWith('/') ? base + path.slice(1) : base + path;
}

function joinQueries(one: string, other: string): string {
  if (one.length <= 1) return other;
  return other.length <= 1 ? one : `${one}&${other.slice(1)}`;
}
