/** Plain JSON values: copies, comparison, and the keys that JavaScript would misread. */

export type JsonRecord = Record<string, unknown>;

export function isObject(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A deep copy of what JSON would keep: undefined fields are dropped, so memory and disk agree. */
export function copyJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => copyJson(item ?? null)) as T;
  if (!isObject(value)) return value;
  const copy: JsonRecord = {};
  for (const [key, field] of Object.entries(value)) if (field !== undefined) define(copy, key, copyJson(field));
  return copy as T;
}

/** So that no reader changes a record by accident: changes go through `update()`. */
export function freezeJson<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const field of Object.values(value)) freezeJson(field);
    Object.freeze(value);
  }
  return value;
}

export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
  );
}

/** A map without inherited names: an account may be called `constructor`. */
export function emptyMap(): JsonRecord {
  return Object.create(null) as JsonRecord;
}

/** Assignment to `__proto__` would set the prototype instead of a field. */
function define(target: JsonRecord, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  else target[key] = value;
}
