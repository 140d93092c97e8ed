import { isObject, type JsonRecord } from './json.ts';

/** `{ 1: … }` turns a document of version 1 into one of version 2. A step gets a copy and may change it. */
export type Migrations = Readonly<Record<number, (document: JsonRecord) => JsonRecord>>;

/**
 * Brings a parsed document up to `version`. It is left alone where its version is unknown or no step leads on: the
 * schema then says what is wrong with it.
 */
export function migrate(document: JsonRecord, migrations: Migrations, version: number): JsonRecord {
  let current = document;
  for (;;) {
    const from = current['version'];
    if (typeof from !== 'number' || from >= version) return current;
    const step = migrations[from];
    if (step === undefined) return current;
    current = { ...step(structuredClone(current)), version: from + 1 };
  }
}

export const adminMigrations: Migrations = {
  /** Version 2 (November 2026): services and the visibility of profiles came. */
  1: (document) => ({
    ...document,
    services: isObject(document['services']) ? document['services'] : {},
    profiles: isObject(document['profiles']) ? document['profiles'] : {},
  }),
};
