/**
 * A bounded cache keyed by the raw token: two generations of a Map, so that neither a clock nor a list is kept per
 * entry. Only what was verified is put in, since an attacker chooses the keys of everything else.
 */
export interface TokenCache<T> {
  /** What was stored, until its time; undefined after it. */
  get(token: string, nowMs: number): T | undefined;
  set(token: string, value: T, untilMs: number): void;
  clear(): void;
}

interface Entry<T> {
  value: T;
  untilMs: number;
}

/** Holds at most twice `size` entries. */
export function createTokenCache<T>(size: number): TokenCache<T> {
  let young = new Map<string, Entry<T>>();
  let old = new Map<string, Entry<T>>();

  function put(token: string, entry: Entry<T>): void {
    if (young.size >= size) {
      old = young;
      young = new Map();
    }
    young.set(token, entry);
  }

  return {
    get(token, nowMs) {
      let entry = young.get(token);
      if (entry === undefined) {
        entry = old.get(token);
        if (entry === undefined) return undefined;
        if (entry.untilMs > nowMs) put(token, entry);
      }
      if (entry.untilMs > nowMs) return entry.value;
      young.delete(token);
      old.delete(token);
      return undefined;
    },
    set: (token, value, untilMs) => put(token, { value, untilMs }),
    clear() {
      young = new Map();
      old = new Map();
    },
  };
}
