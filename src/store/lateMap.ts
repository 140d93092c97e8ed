import { emptyMap, freezeJson, type JsonRecord } from './json.ts';

/** How many ms of parsing are done at once beside other work. */
const sliceMs = 2;
/** The start of the gateway is over by then. */
const restMs = 1000;

/** What is behind such a map: each key has its place in `target`; `read` are the keys whose records are there too. */
const behind = new WeakMap<object, { target: JsonRecord; read: ReadonlySet<string> }>();

/**
 * A map of records of which some are texts until somebody asks for them, or the program has nothing else to do. Their
 * texts must be known to be good: nobody is there to be told of a fault later.
 */
export function lateMap(records: Iterable<readonly [key: string, text: string, late: boolean]>): JsonRecord {
  const target = emptyMap();
  const texts = new Map<string, string>();
  const read = new Set<string>();
  const put = (key: string, record: unknown): void => {
    texts.delete(key);
    read.add(key);
    target[key] = record;
  };
  const demand = (key: string): void => {
    const text = texts.get(key);
    if (text !== undefined) put(key, freezeJson(JSON.parse(text) as unknown));
  };
  for (const [key, text, late] of records) {
    target[key] = undefined;
    texts.set(key, text);
    if (!late) demand(key);
  }
  const shown = new Proxy(target, {
    get(_, key) {
      if (texts.size > 0) demand(String(key));
      return target[key as string];
    },
    set(_, key, record) {
      put(String(key), record);
      return true;
    },
    deleteProperty(_, key) {
      texts.delete(String(key));
      read.delete(String(key));
      return delete target[key as string];
    },
  });
  behind.set(shown, { target, read });
  setTimeout(() => demandSlice(texts, demand), restMs).unref();
  return shown;
}

/** Records that somebody has asked for, or that were never late: of the others nothing is parsed for that. */
export function awake<T>(records: Readonly<Record<string, T>>): T[] {
  const known = behind.get(records);
  return known === undefined ? Object.values(records) : Array.from(known.read, (key) => known.target[key] as T);
}

/** The keys of any map, sooner than the language gets them out of a late one. */
export function keysOf(records: object): string[] {
  return Object.keys(behind.get(records)?.target ?? records);
}

export function isLateMap(records: object): boolean {
  return behind.has(records);
}

function demandSlice(texts: ReadonlyMap<string, string>, demand: (key: string) => void): void {
  const until = performance.now() + sliceMs;
  for (const key of texts.keys()) {
    demand(key);
    if (performance.now() > until) return void setTimeout(() => demandSlice(texts, demand), 1).unref();
  }
}
