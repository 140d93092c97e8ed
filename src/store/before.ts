import type { RecordChange } from './draft.ts';
import { isObject, type JsonRecord } from './json.ts';

/** Shows a document as it was before the changes, without copying it. Good until the next change. */
export function viewBefore<T extends object>(data: T, changes: readonly RecordChange[]): T {
  const shown = { ...data } as JsonRecord;
  for (const map of new Set(changes.map((change) => change.map))) {
    const records = shown[map];
    const touched = new Map(changes.filter((change) => change.map === map).map(({ key, before }) => [key, before]));
    if (isObject(records)) shown[map] = overlay(records, touched);
  }
  return shown as T;
}

function overlay(records: JsonRecord, touched: ReadonlyMap<string, unknown>): JsonRecord {
  const read = (key: PropertyKey): unknown =>
    touched.has(String(key)) ? touched.get(String(key)) : Reflect.get(records, key);
  return new Proxy(Object.create(null) as JsonRecord, {
    get: (_, key) => read(key),
    has: (_, key) => read(key) !== undefined,
    ownKeys: () => [...new Set([...Object.keys(records), ...touched.keys()])].filter((key) => read(key) !== undefined),
    getOwnPropertyDescriptor: (_, key) =>
      read(key) === undefined ? undefined : { value: read(key), enumerable: true, configurable: true },
    set: () => false,
    deleteProperty: () => false,
  });
}
