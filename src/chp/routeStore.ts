/**
 * The routing table of `cylc-gateway proxy`: path prefix → target, the longest prefix wins. As in
 * configurable-http-proxy, a prefix is compared segment by segment and decoded; with host routing, the host is the first
 * segment.
 */
export interface ChpRoute {
  /** Decoded, with a slash in front and none behind; `/` is the default route. */
  path: string;
  /** How many segments the prefix has. */
  depth: number;
  target: string;
  /** What the API was given beside the target, returned as it came. */
  data: Readonly<Record<string, unknown>>;
  /** ms since 1970. */
  lastActivity: number;
}

export interface ChpRoutes {
  /** Adds the route, or replaces that of the same prefix, which is returned. */
  add(path: string, target: string, data: Readonly<Record<string, unknown>>): ChpRoute | undefined;
  /** Undefined where there was none. */
  remove(path: string): ChpRoute | undefined;
  get(path: string): ChpRoute | undefined;
  /** The route of a request's path (raw, without query); `host` is the first segment where routing is by host. */
  match(path: string, host?: string): ChpRoute | undefined;
  all(): Iterable<ChpRoute>;
}

interface Node {
  children: Map<string, Node>;
  route: ChpRoute | undefined;
}

const newNode = (): Node => ({ children: new Map(), route: undefined });

export function createChpRoutes({ now }: { now: () => number }): ChpRoutes {
  const byPath = new Map<string, ChpRoute>();
  const root = newNode();

  function remove(path: string): ChpRoute | undefined {
    const route = byPath.get(cleanPath(path));
    if (route === undefined) return undefined;
    byPath.delete(route.path);
    prune(root, segmentsOf(route.path), 0);
    return route;
  }

  return {
    add(path, target, data) {
      const clean = cleanPath(path);
      const segments = segmentsOf(clean);
      const before = byPath.get(clean);
      const route = { path: clean, depth: segments.length, target, data, lastActivity: now() };
      byPath.set(clean, route);
      let node = root;
      for (const segment of segments) {
        let child = node.children.get(segment);
        if (child === undefined) node.children.set(segment, (child = newNode()));
        node = child;
      }
      node.route = route;
      return before;
    },
    remove,
    get: (path) => byPath.get(cleanPath(path)),
    match(path, host) {
      let node: Node | undefined = root;
      let found = root.route;
      const segments = segmentsOf(path).map(decodeSegment);
      for (const segment of host === undefined ? segments : [host, ...segments]) {
        node = node.children.get(segment);
        if (node === undefined) break;
        found = node.route ?? found;
      }
      return found;
    },
    all: () => byPath.values(),
  };
}

/** `user/alice/` and `/user/alice` are one prefix. */
function cleanPath(path: string): string {
  const slashed = path.startsWith('/') ? path : `/${path}`;
  return slashed.length > 1 && slashed.endsWith('/') ? slashed.slice(0, -1) : slashed;
}

function segmentsOf(path: string): string[] {
  let [start, end] = [0, path.length];
  while (path[start] === '/') start += 1;
  while (end > start && path[end - 1] === '/') end -= 1;
  return start === end ? [] : path.slice(start, end).split('/');
}

/** The path of a request has been checked, so this throws nothing. */
function decodeSegment(segment: string): string {
  return segment.includes('%') ? decodeURIComponent(segment) : segment;
}

/** Takes the route away, and branches that lead nowhere with it. Returns whether the node is of no more use. */
function prune(node: Node, segments: readonly string[], at: number): boolean {
  if (at === segments.length) node.route = undefined;
  else {
    const name = segments[at]!;
    const child = node.children.get(name);
    if (child !== undefined && prune(child, segments, at + 1)) node.children.delete(name);
  }
  return node.route === undefined && node.children.size === 0;
}
