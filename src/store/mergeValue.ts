import { isObject, sameJson } from './json.ts';

/** The editor and the program changed the same thing in different ways: the editor's value stands. */
export interface Conflict {
  path: string;
  /** What both had begun from. */
  base: unknown;
  kept: unknown;
  dropped: unknown;
}

/** Undefined stands for "not there". */
export function mergeValue(
  path: string,
  base: unknown,
  theirs: unknown,
  mine: unknown,
): { value: unknown; conflicts: Conflict[] } {
  if (sameJson(theirs, base)) return { value: mine, conflicts: [] };
  if (sameJson(mine, base) || sameJson(mine, theirs)) return { value: theirs, conflicts: [] };
  if (isObject(theirs) && isObject(mine)) return mergeFields(path, isObject(base) ? base : {}, theirs, mine);
  const list = mergeLists(base, theirs, mine);
  if (list !== undefined) return { value: list, conflicts: [] };
  return { value: theirs, conflicts: [{ path, base, kept: theirs, dropped: mine }] };
}

function mergeFields(
  path: string,
  base: Record<string, unknown>,
  theirs: Record<string, unknown>,
  mine: Record<string, unknown>,
): { value: unknown; conflicts: Conflict[] } {
  const value: Record<string, unknown> = {};
  const conflicts: Conflict[] = [];
  for (const name of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    const merged = mergeValue(`${path}.${name}`, base[name], theirs[name], mine[name]);
    if (merged.value !== undefined) value[name] = merged.value;
    conflicts.push(...merged.conflicts);
  }
  return { value, conflicts };
}

/** Lists of names (members of a group) are sets: what each side added and took away counts, in the editor's order. */
function mergeLists(base: unknown, theirs: unknown, mine: unknown): unknown[] | undefined {
  if (!isNames(theirs) || !isNames(mine)) return undefined;
  const from = isNames(base) ? base : [];
  const added = mine.filter((name) => !from.includes(name) && !theirs.includes(name));
  const removed = new Set(from.filter((name) => !mine.includes(name)));
  return [...theirs.filter((name) => !removed.has(name)), ...added];
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
