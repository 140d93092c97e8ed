import { copyJson, freezeJson, isObject, sameJson, type JsonRecord } from './json.ts';

/** One record that a change touched; undefined where there was, or is, none. */
export interface RecordChange {
  /** `accounts`, `servers` ... */
  map: string;
  key: string;
  before: unknown;
  after: unknown;
}

interface Entry {
  /** What the draft shows: a proxy that copies on first write, or what was assigned; undefined if deleted. */
  value: unknown;
  /** The record as it would be stored now. */
  current(): unknown;
}

/**
 * Runs `change` on a draft of a document (an object of maps of records) and returns the records that it touched.
 * The cost is that of the touched records, not of the document: a record is copied when something in it is first
 * written, and nothing else is. `data` itself is untouched: see `applyChanges`.
 */
export function collectChanges<T extends object>(data: T, change: (draft: T) => void): RecordChange[] {
  const source = data as JsonRecord;
  const maps = new Map<string, Map<string, Entry>>();
  const drafts = new Map<string, object>();
  const root: JsonRecord = new Proxy(Object.create(null) as JsonRecord, {
    get(_, name) {
      const value = typeof name === 'string' ? source[name] : undefined;
      if (!isObject(value) || typeof name !== 'string') return value;
      const draft = drafts.get(name) ?? mapDraft(value, entriesOf(maps, name));
      drafts.set(name, draft);
      return draft;
    },
    set(_, name, value) {
      const current = typeof name === 'string' ? source[name] : undefined;
      if (!isObject(current) || !isObject(value)) return false;
      replaceAll(root[name as string] as JsonRecord, value);
      return true;
    },
    ownKeys: () => Object.keys(source),
    getOwnPropertyDescriptor: (_, name) => visible(name in source, () => root[name as string]),
    deleteProperty: () => false,
  });
  change(root as T);
  return [...maps].flatMap(([map, entries]) => changesOf(map, source[map] as JsonRecord, entries));
}

/** Puts the changes into the document's own maps, in place. */
export function applyChanges(data: object, changes: readonly RecordChange[]): void {
  for (const { map, key, after } of changes) {
    const records = (data as Record<string, JsonRecord>)[map];
    if (records === undefined) continue;
    if (after === undefined) delete records[key];
    else records[key] = after;
  }
}

function entriesOf(maps: Map<string, Map<string, Entry>>, name: string): Map<string, Entry> {
  const entries = maps.get(name) ?? new Map<string, Entry>();
  maps.set(name, entries);
  return entries;
}

function changesOf(map: string, records: JsonRecord, entries: Map<string, Entry>): RecordChange[] {
  const changes: RecordChange[] = [];
  for (const [key, entry] of entries) {
    const before = Object.hasOwn(records, key) ? records[key] : undefined;
    const current = entry.current();
    if (current === before) continue;
    const after = current === undefined ? undefined : freezeJson(copyJson(current));
    if (!sameJson(before, after)) changes.push({ map, key, before, after });
  }
  return changes;
}

function mapDraft(records: JsonRecord, entries: Map<string, Entry>): object {
  const entryOf = (key: string): Entry | undefined => {
    const known = entries.get(key);
    if (known !== undefined || !Object.hasOwn(records, key)) return known;
    const entry = recordDraft(records[key]);
    entries.set(key, entry);
    return entry;
  };
  const assign = (key: string, value: unknown): true => {
    entries.set(key, { value, current: () => value });
    return true;
  };
  const has = (key: PropertyKey): boolean =>
    entries.has(String(key)) ? entries.get(String(key))?.value !== undefined : Object.hasOwn(records, key);
  return new Proxy(Object.create(null) as object, {
    get: (_, key) => (typeof key === 'string' ? entryOf(key)?.value : undefined),
    set: (_, key, value) => typeof key === 'string' && assign(key, value),
    deleteProperty: (_, key) => assign(String(key), undefined),
    has: (_, key) => has(key),
    ownKeys: () => [...new Set([...Object.keys(records), ...entries.keys()])].filter(has),
    getOwnPropertyDescriptor: (_, key) => visible(has(key), () => entryOf(String(key))?.value),
    defineProperty: (_, key, descriptor) => 'value' in descriptor && assign(String(key), descriptor.value),
  });
}

/** Reads of plain fields cost nothing; the first write, or the first look inside a field, copies the record. */
function recordDraft(base: unknown): Entry {
  if (!isObject(base)) return { value: base, current: () => base };
  let copy: JsonRecord | undefined;
  const own = (): JsonRecord => (copy ??= copyJson(base));
  const value: JsonRecord = new Proxy(Object.create(null) as JsonRecord, {
    get(_, name) {
      const field: unknown = Reflect.get(copy ?? base, name);
      return typeof field === 'object' && field !== null ? Reflect.get(own(), name) : field;
    },
    set: (_, name, field) => Reflect.set(own(), name, field),
    deleteProperty: (_, name) => Reflect.deleteProperty(own(), name),
    defineProperty: (_, name, descriptor) => Reflect.defineProperty(own(), name, descriptor),
    has: (_, name) => Object.hasOwn(copy ?? base, name),
    ownKeys: () => Reflect.ownKeys(copy ?? base),
    getOwnPropertyDescriptor: (_, name) => visible(Object.hasOwn(copy ?? base, name), () => value[name as string]),
  });
  return { value, current: () => copy ?? base };
}

function replaceAll(draft: JsonRecord, records: JsonRecord): void {
  const fresh = { ...records };
  for (const key of Object.keys(draft)) if (!Object.hasOwn(fresh, key)) delete draft[key];
  for (const [key, record] of Object.entries(fresh)) draft[key] = record;
}

/** Proxies here have an empty target, so every property they show must be configurable. */
function visible(exists: boolean, read: () => unknown): PropertyDescriptor | undefined {
  return exists ? { value: read(), enumerable: true, configurable: true, writable: true } : undefined;
}
