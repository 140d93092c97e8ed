import { crc32 } from 'node:zlib';
import type { JsonRecord } from './json.ts';
import type { DocumentKind } from './kinds.ts';
import { lateMap } from './lateMap.ts';
import { schemaText } from './schemaFile.ts';

/**
 * The last field of a document that the program alone writes is a checksum of all before it, and of the schema that its
 * records were checked by when they were made. A text that bears the right one was written by this program, whole, and
 * need be neither validated nor parsed to its end at the start; any other is read like what a person wrote.
 */

type SealedKind = Pick<DocumentKind<unknown>, 'name' | 'schema' | 'late'>;

const ending = '\n}\n';

/** Takes the pieces of a whole text; gives them with the seal before the end. */
export function* seal(kind: SealedKind, pieces: Iterable<string>): Generator<string> {
  let sum = seedOf(kind);
  let held = '';
  for (const piece of pieces) {
    if (held !== '') yield held;
    sum = crc32(held, sum);
    held = piece;
  }
  const body = held.slice(0, -ending.length);
  yield `${body},\n  "sum": "${hex(crc32(body, sum))}"${ending}`;
}

/** The parsed document; undefined where the seal is missing or wrong, or the kind has none. */
export function readSealed(kind: SealedKind, text: string): JsonRecord | undefined {
  if (kind.late === undefined || !hasSeal(kind, text)) return undefined;
  const { map, atRest } = kind.late;
  // No string of JSON holds a line's end, so these stand in no record.
  const head = `\n  "${map}": {`;
  const begin = text.indexOf(head) + head.length;
  const end = text[begin] === '}' ? begin : text.indexOf('\n  }', begin);
  const lines = linesOf(text, begin, end);
  if (lines === undefined) return undefined;
  const document = JSON.parse(text.slice(0, begin) + text.slice(end)) as JsonRecord;
  document[map] = lateMap(lines.map(([key, record]) => [key, record, atRest.test(record)] as const));
  return document;
}

function hasSeal(kind: SealedKind, text: string): boolean {
  const found = /,\n {2}"sum": "([0-9a-f]{8})"\n\}\n$/.exec(text.slice(-64));
  return found !== null && hex(crc32(text.slice(0, -found[0].length), seedOf(kind))) === found[1];
}

/** Records, a line each, with their keys; undefined where a line is something else. */
function linesOf(text: string, begin: number, end: number): [key: string, record: string][] | undefined {
  const line = /\n {4}("(?:[^"\\]|\\.)*"): ([^\n]*[^\n,]),?/y;
  const lines: [string, string][] = [];
  for (let at = begin; at < end; at = line.lastIndex) {
    line.lastIndex = at;
    const [, key = '', record = ''] = line.exec(text) ?? [];
    if (record === '') return undefined;
    lines.push([JSON.parse(key) as string, record]);
  }
  return lines;
}

function seedOf(kind: SealedKind): number {
  return crc32(schemaText(kind));
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, '0');
}
