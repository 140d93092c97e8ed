/**
 * Sets of scopes, parsed: by scope name either everything, or what its filters (`!user=`, `!server=`, `!group=`,
 * `!service=`) name. Pure; the rules are JupyterHub's (jupyterhub 6, `scopes.py`).
 */
export type FilterKind = 'user' | 'server' | 'group' | 'service';
type Filters = ReadonlyMap<FilterKind, ReadonlySet<string>>;
export type ScopeSet = ReadonlyMap<string, 'all' | Filters>;

/** One thing that a call is about. A server is `owner/name`. */
export interface Subject {
  kind: FilterKind;
  name: string;
}

/** Names of the groups of a user, as filters spell them. */
export type GroupsOf = (user: string) => readonly string[];

const filterKinds: ReadonlySet<string> = new Set(['user', 'server', 'group', 'service']);

/** Of expanded scopes. What has no valid filter is left out: an unreadable grant grants nothing. */
export function parseScopes(scopes: Iterable<string>): ScopeSet {
  const parsed = new Map<string, 'all' | Map<FilterKind, Set<string>>>();
  for (const scope of scopes) {
    const { name, filter } = splitScope(scope);
    if (filter === undefined) {
      parsed.set(name, 'all');
      continue;
    }
    const known = parsed.get(name);
    if (known === 'all' || !filterKinds.has(filter.kind) || filter.value === '') continue;
    const filters = known ?? new Map<FilterKind, Set<string>>();
    parsed.set(name, filters);
    const kind = filter.kind as FilterKind;
    filters.set(kind, (filters.get(kind) ?? new Set()).add(filter.value));
  }
  return parsed;
}

export function splitScope(scope: string): { name: string; filter: { kind: string; value: string } | undefined } {
  const bang = scope.indexOf('!');
  if (bang < 0) return { name: scope, filter: undefined };
  const text = scope.slice(bang + 1);
  const equals = text.indexOf('=');
  const filter =
    equals < 0 ? { kind: text, value: '' } : { kind: text.slice(0, equals), value: text.slice(equals + 1) };
  return { name: scope.slice(0, bang), filter };
}

/** Back to texts, sorted. */
export function formatScopes(set: ScopeSet): string[] {
  const texts: string[] = [];
  for (const [name, filters] of set)
    if (filters === 'all') texts.push(name);
    else for (const [kind, values] of filters) for (const value of values) texts.push(`${name}!${kind}=${value}`);
  return texts.sort();
}

/** Whether the set grants the scope on that subject; without a subject only an unfiltered grant counts. */
export function covers(set: ScopeSet, scope: string, subject: Subject | undefined, groupsOf: GroupsOf): boolean {
  const filters = set.get(scope);
  if (filters === undefined) return false;
  return filters === 'all' || (subject !== undefined && inFilters(filters, subject, groupsOf));
}

function inFilters(filters: Filters, { kind, name }: Subject, groupsOf: GroupsOf): boolean {
  if (filters.get(kind)?.has(name) === true) return true;
  const user = kind === 'user' ? name : kind === 'server' ? ownerOf(name) : undefined;
  if (user === undefined) return false;
  if (kind === 'server' && filters.get('user')?.has(user) === true) return true;
  const groups = filters.get('group');
  return groups !== undefined && groupsOf(user).some((group) => groups.has(group));
}

/** What both sets grant. */
export function intersectScopes(one: ScopeSet, other: ScopeSet, groupsOf: GroupsOf): ScopeSet {
  const common = new Map<string, 'all' | Filters>();
  for (const [name, filters] of one) {
    const others = other.get(name);
    if (others === undefined) continue;
    const both = filters === 'all' ? others : others === 'all' ? filters : intersectFilters(filters, others, groupsOf);
    if (both === 'all' || both.size > 0) common.set(name, both);
  }
  return common;
}

/** A name of one side stays where the other side covers it: so `!server=a/x` within `!user=a` stays. */
function intersectFilters(one: Filters, other: Filters, groupsOf: GroupsOf): Filters {
  const both = new Map<FilterKind, Set<string>>();
  for (const [mine, theirs] of [
    [one, other],
    [other, one],
  ] as const)
    for (const [kind, names] of mine)
      for (const name of names)
        if (inFilters(theirs, { kind, name }, groupsOf)) both.set(kind, (both.get(kind) ?? new Set()).add(name));
  return both;
}

function ownerOf(server: string): string {
  const slash = server.indexOf('/');
  return slash < 0 ? server : server.slice(0, slash);
}
