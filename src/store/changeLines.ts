import { crc32 } from 'node:zlib';
import type { RecordChange } from './draft.ts';
import { freezeJson, isObject, type JsonRecord } from './json.ts';

/**
 * `state.changes`: what has changed since `state.json` was written, so that a change costs its own bytes and not those
 * of the document. The first line names the revision of the `state.json` that it goes over; each other is one write:
 * the checksum of the rest, a blank, and JSON. A line that a crash or a full disk cut off has no right checksum and was
 * never acknowledged; the write that was tried again stands in a later line.
 */

/** One write: records as they are after it, null where they are gone. */
export interface ChangeLine {
  revision: number;
  /** The write that was acknowledged before it: where that is missing, something in between is lost. */
  after: number;
  changes: [map: string, key: string, record: unknown][];
}

export interface ReadLines {
  /** Revision of the document that they go over. */
  over: number;
  lines: ChangeLine[];
  /** The text ends with a whole line. */
  ended: boolean;
}

export function headLine(over: number): string {
  return checked({ over });
}

export function changeLine(write: { revision: number; after: number; changes: Iterable<RecordChange> }): string {
  const changes = Array.from(write.changes, ({ map, key, after }) => [map, key, after ?? null]);
  return checked({ revision: write.revision, after: write.after, changes });
}

/** Undefined where not even the first line is whole: then no write was ever acknowledged in it. */
export function readLines(text: string): ReadLines | undefined {
  const [head, ...rest] = text.split('\n');
  const over = unchecked(head ?? '')?.['over'];
  if (typeof over !== 'number') return undefined;
  const lines = rest.flatMap((line) => (unchecked(line) as unknown as ChangeLine | undefined) ?? []);
  return { over, lines, ended: text.endsWith('\n') };
}

/**
 * Makes the changes in a parsed document of `revision`. Returns the revision that it then has; undefined where a write
 * is missing between two others.
 */
export function applyLines(document: JsonRecord, lines: readonly ChangeLine[], revision: number): number | undefined {
  let at = revision;
  for (const line of lines) {
    if (line.revision <= at) continue;
    if (line.after > at) return undefined;
    for (const [map, key, record] of line.changes) {
      const records = document[map];
      if (!isObject(records)) continue;
      if (record === null) delete records[key];
      else records[key] = freezeJson(record);
    }
    at = line.revision;
  }
  return at;
}

function checked(value: object): string {
  const text = JSON.stringify(value);
  return `${sum(text)} ${text}\n`;
}

function unchecked(line: string): JsonRecord | undefined {
  const text = line.slice(9);
  if (line[8] !== ' ' || line.slice(0, 8) !== sum(text)) return undefined;
  return JSON.parse(text) as JsonRecord;
}

function sum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}
