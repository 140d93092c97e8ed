import type { Target } from '../access/types.ts';
import type { Route, RouteMatch, RouteTable } from './types.ts';

/** One target: known by name, open while it has an upstream. */
interface Entry extends RouteMatch {
  target: Target;
  route: Route | undefined;
}

/** Servers of one owner: the default one beside the named ones. */
interface Owner {
  main: Entry;
  /** Undefined while there is no named server, which is nearly always. */
  named: Map<string, Entry> | undefined;
}

/** `basePath` has a slash in front and none behind (`/gw`), or is empty. */
export function createRoutes({ basePath = '' }: { basePath?: string } = {}): RouteTable {
  const owners = new Map<string, Owner>();
  const services = new Map<string, Entry>();
  const listeners = new Set<(route: Route, state: 'open' | 'closed') => void>();
  const userPrefix = `${basePath}/user/`;
  const servicePrefix = `${basePath}/services/`;

  function matchServer(path: string): RouteMatch | undefined {
    const start = userPrefix.length;
    const slash = path.indexOf('/', start);
    const name = decodeSegment(path.slice(start, slash === -1 ? undefined : slash));
    if (name === undefined) return undefined;
    const owner = owners.get(name);
    if (owner === undefined) return { target: { kind: 'server', owner: name, name: '' }, route: undefined };
    return (owner.named !== undefined && slash !== -1 && namedAt(owner.named, path, slash + 1)) || owner.main;
  }

  function matchService(path: string): RouteMatch | undefined {
    const name = decodeSegment(segmentAt(path, servicePrefix.length));
    if (name === undefined) return undefined;
    return services.get(name) ?? { target: { kind: 'service', name }, route: undefined };
  }

  function prefixOf(target: Target): string {
    if (target.kind === 'service') return `${servicePrefix}${encodeURIComponent(target.name)}/`;
    const owner = `${userPrefix}${encodeURIComponent(target.owner)}/`;
    return target.name === '' ? owner : `${owner}${encodeURIComponent(target.name)}/`;
  }

  function entryOf(target: Target): Entry {
    if (target.kind === 'service') return getOrMake(services, target.name, () => ({ target, route: undefined }));
    const owner = getOrMake(owners, target.owner, () => ({ main: mainEntry(target.owner), named: undefined }));
    if (target.name === '') return owner.main;
    owner.named ??= new Map();
    return getOrMake(owner.named, target.name, () => ({ target, route: undefined }));
  }

  function close(target: Target): void {
    const entry = entryOf(target);
    const route = entry.route;
    entry.route = undefined;
    if (route !== undefined) for (const listener of listeners) listener(route, 'closed');
  }

  return {
    match(path) {
      if (path.startsWith(userPrefix)) return matchServer(path);
      return path.startsWith(servicePrefix) ? matchService(path) : undefined;
    },
    prefixOf,
    open(target, upstream) {
      close(target);
      const route: Route = { prefix: prefixOf(target), target, upstream };
      entryOf(target).route = route;
      for (const listener of listeners) listener(route, 'open');
      return route;
    },
    declare: (target) => void entryOf(target),
    close,
    forget(target) {
      close(target);
      if (target.kind === 'service') services.delete(target.name);
      else if (target.name !== '') dropNamed(owners.get(target.owner), target.name);
      else if (owners.get(target.owner)?.named === undefined) owners.delete(target.owner);
    },
    *routes() {
      for (const owner of owners.values())
        for (const entry of [owner.main, ...(owner.named?.values() ?? [])])
          if (entry.route !== undefined) yield entry.route;
      for (const entry of services.values()) if (entry.route !== undefined) yield entry.route;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

function mainEntry(owner: string): Entry {
  return { target: { kind: 'server', owner, name: '' }, route: undefined };
}

function dropNamed(owner: Owner | undefined, name: string): void {
  owner?.named?.delete(name);
  if (owner?.named?.size === 0) owner.named = undefined;
}

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

function namedAt(named: Map<string, Entry>, path: string, start: number): Entry | undefined {
  const name = decodeSegment(segmentAt(path, start));
  return name === undefined ? undefined : named.get(name);
}

function segmentAt(path: string, start: number): string {
  const slash = path.indexOf('/', start);
  return path.slice(start, slash === -1 ? undefined : slash);
}

/** Undefined for an empty segment and for one that is no UTF-8: no name can be either. */
function decodeSegment(segment: string): string | undefined {
  if (segment === '') return undefined;
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
