import type { RecordChange } from './draft.ts';
import { freezeJson, isObject, sameJson, type JsonRecord } from './json.ts';
import { mergeValue } from './mergeValue.ts';
import type { Conflict } from './mergeValue.ts';

/** One field, or one whole record, that an edit changed. */
export interface FieldEdit {
  /** `accounts.alice.admin` */
  path: string;
  before: unknown;
  after: unknown;
}

export interface Merged {
  /** What changes in memory. */
  changes: RecordChange[];
  /** What the editor changed against the version that was opened. */
  edits: FieldEdit[];
  conflicts: Conflict[];
  /** Memory is then exactly what the editor saved. */
  complete: boolean;
}

/**
 * Three versions of a document: `base` was opened in the editor, `theirs` was saved, `mine` is in memory now.
 * What only one side changed is taken from that side, record by record and field by field.
 *
 * Without a base (a version that is no longer known) every difference is a conflict, and nothing is removed.
 */
export function mergeDocuments<T extends object>(
  maps: readonly string[],
  versions: { base: T | undefined; theirs: T; mine: T },
  fits: (map: string, record: unknown) => boolean = () => true,
): Merged {
  const merged: Merged = { changes: [], edits: [], conflicts: [], complete: true };
  const read = (document: object | undefined, map: string): JsonRecord => (document as JsonRecord)[map] as JsonRecord;
  for (const map of maps) {
    const [theirs, mine] = [read(versions.theirs, map), read(versions.mine, map)];
    const base = versions.base === undefined ? undefined : read(versions.base, map);
    mergeMap(map, { base, theirs, mine }, fits, merged);
  }
  return merged;
}

function mergeMap(
  map: string,
  { base, theirs, mine }: { base: JsonRecord | undefined; theirs: JsonRecord; mine: JsonRecord },
  fits: (map: string, record: unknown) => boolean,
  into: Merged,
): void {
  const of = (records: JsonRecord, key: string): unknown => (Object.hasOwn(records, key) ? records[key] : undefined);
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(base ?? {}), ...Object.keys(mine)])) {
    const [b, t, m] = [of(base ?? {}, key), of(theirs, key), of(mine, key)];
    if (t === m) continue;
    const path = `${map}.${key}`;
    const opened = base === undefined ? m : b;
    if (t !== undefined || base !== undefined) into.edits.push(...fieldEdits(path, opened, t));
    let { value, conflicts } = mergeValue(path, b, t, m);
    if (value !== undefined && !fits(map, value)) {
      value = t;
      conflicts = [{ path, base: b, kept: t, dropped: m }];
    }
    into.conflicts.push(...conflicts);
    if (!sameJson(value, t)) into.complete = false;
    if (!sameJson(value, m)) into.changes.push({ map, key, before: m, after: freezeJson(value) });
  }
}

/** Whole records that come or go are one edit; in others each field is one. */
function fieldEdits(path: string, before: unknown, after: unknown): FieldEdit[] {
  if (sameJson(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ path, before, after }];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names
    .filter((name) => !sameJson(before[name], after[name]))
    .map((name) => ({ path: `${path}.${name}`, before: before[name], after: after[name] }));
}
