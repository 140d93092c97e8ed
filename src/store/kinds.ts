import { z } from 'zod';
import { emptyMap, freezeJson, isObject, type JsonRecord } from './json.ts';
import { isLateMap } from './lateMap.ts';
import { adminMigrations, type Migrations } from './migrate.ts';
import { adminSchema, stateSchema, type AdminData, type StateData } from './schema.ts';

/** What the store must know of a document: its name, shape, and how its records are laid out in the file. */
export interface DocumentKind<T> {
  name: 'admin' | 'state';
  schema: z.ZodObject;
  version: number;
  /** From each earlier version to the next. */
  migrations: Migrations;
  /** People edit it: a key that stands twice is a fault. */
  byHand: boolean;
  /** A larger file is refused unread: it would stop the gateway for seconds. */
  maxBytes: number;
  /** Names of its maps, in the order of the file. */
  maps: readonly string[];
  /** Records over several lines, for people; or a line each, for less to write. */
  layout: 'spread' | 'lines';
  empty(): T;
  /** A map that may be large, and of whose records those whose text fits this are not needed at the start. */
  late?: { map: string; atRest: RegExp };
  /** Newest backup older than this is followed by another at the next write, ms. */
  backupEveryMs: number;
  backupsKept: number;
}

export const adminKind: DocumentKind<AdminData> = {
  name: 'admin',
  schema: adminSchema,
  version: 2,
  migrations: adminMigrations,
  byHand: true,
  maxBytes: 16 * 1024 * 1024,
  maps: mapsOf(adminSchema),
  layout: 'spread',
  empty: () => emptyDocument(adminSchema, 2) as AdminData,
  backupEveryMs: 0,
  backupsKept: 50,
};

export const stateKind: DocumentKind<StateData> = {
  name: 'state',
  schema: stateSchema,
  version: 1,
  migrations: {},
  byHand: false,
  maxBytes: Infinity,
  maps: mapsOf(stateSchema),
  layout: 'lines',
  late: {
    map: 'servers',
    // Stopped, and no process or note of one is left to be looked after. Fields stand in the order in which a record is made.
    atRest: /^\{"owner":"(?:[^"\\]|\\.)*","name":"(?:[^"\\]|\\.)*","phase":"stopped",.*,"handle":null,"runFile":null,/,
  },
  empty: () => emptyDocument(stateSchema, 1) as StateData,
  backupEveryMs: 600_000,
  backupsKept: 12,
};

function mapsOf(schema: z.ZodObject): string[] {
  return Object.entries(schema.shape)
    .filter(([, field]) => field instanceof z.ZodRecord)
    .map(([name]) => name);
}

function emptyDocument(schema: z.ZodObject, version: number): JsonRecord {
  return { version, ...Object.fromEntries(mapsOf(schema).map((name) => [name, emptyMap()])) };
}

/** Makes a parsed and validated document ours: maps without inherited names, records frozen. */
export function adoptDocument<T>(kind: DocumentKind<T>, parsed: JsonRecord): T {
  const data: JsonRecord = { version: parsed['version'] };
  for (const map of kind.maps) {
    const records = emptyMap();
    const source = parsed[map];
    if (isObject(source) && isLateMap(source)) {
      data[map] = source;
      continue;
    }
    if (isObject(source)) for (const [key, record] of Object.entries(source)) records[key] = freezeJson(record);
    data[map] = records;
  }
  return data as T;
}

/** The schema of one record of a map. */
export function recordSchema(kind: Pick<DocumentKind<unknown>, 'name' | 'schema'>, map: string): z.ZodType {
  const schema: unknown = kind.schema.shape[map];
  if (!(schema instanceof z.ZodRecord)) throw new Error(`${kind.name} has no map ${map}`);
  return schema.valueType as z.ZodType;
}
