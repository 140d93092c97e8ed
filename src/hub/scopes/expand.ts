import { scopeKinds, selfScopes } from './definitions.ts';
import { splitScope } from './scopeSet.ts';

/** Whose scopes are expanded: `!user`, `!service` and `!server` without a name mean these. */
export interface ScopeOwner {
  user?: string;
  service?: string;
  /** `owner/name` of the server whose OAuth client the token belongs to. */
  server?: string;
}

const closures = new Map<string, readonly string[]>();

/** The scope and all that it includes. */
function closureOf(name: string): readonly string[] {
  const known = closures.get(name);
  if (known !== undefined) return known;
  const closure = [name, ...(scopeKinds[name]?.includes ?? []).flatMap(closureOf)];
  closures.set(name, closure);
  return closure;
}

/** All that raw scopes (of a role, a request, a token) mean for their owner. Unknown ones mean nothing. */
export function expandScopes(raw: Iterable<string>, owner: ScopeOwner): string[] {
  return [...new Set([...raw].flatMap((scope) => expandOne(scope, owner)))];
}

function expandOne(scope: string, owner: ScopeOwner): readonly string[] {
  const { name, filter } = splitScope(scope);
  if (!Object.hasOwn(scopeKinds, name) || name === 'inherit' || name === '(no_scope)') return [];
  if (name === 'self')
    return owner.user === undefined ? [] : selfScopes.flatMap(closureOf).map((each) => `${each}!user=${owner.user}`);
  if (filter === undefined) return closureOf(name);
  const value = filter.value === '' ? ownValue(filter.kind, owner) : filter.value;
  if (value === undefined) return [];
  // `read:servers!server=a/x` says nothing of users: a filter on servers does not fit what it includes of them.
  const fitting = closureOf(name).filter((each) => !(filter.kind === 'server' && each.startsWith('read:user')));
  return fitting.map((each) => `${each}!${filter.kind}=${value}`);
}

function ownValue(kind: string, owner: ScopeOwner): string | undefined {
  return kind === 'user' || kind === 'service' || kind === 'server' ? owner[kind] : undefined;
}

/** What is wrong with the spelling of a scope that somebody asks for; undefined for a good one. */
export function scopeFault(scope: string): string | undefined {
  const { name, filter } = splitScope(scope);
  if (!Object.hasOwn(scopeKinds, name)) return 'there is no scope of that name';
  if (filter === undefined) return undefined;
  if (!['user', 'server', 'group', 'service'].includes(filter.kind)) return 'there is no filter of that name';
  return filter.value === '' && filter.kind === 'group' ? 'the filter names no group' : undefined;
}
