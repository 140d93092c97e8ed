import type { DocumentKind } from './kinds.ts';
import type { JsonRecord } from './json.ts';
import { seal } from './seal.ts';

export type Serialise<T> = (data: T, revision: number) => string;

type Maps = Record<string, Record<string, object>>;

/** Largest piece that is made at once, characters: a millisecond or two. */
const pieceLength = 128 * 1024;

/** The whole text. Texts of records that people edit are made once: records are frozen and replaced as wholes. */
export function createSerialise<T>(kind: DocumentKind<T>): Serialise<T> {
  const texts = new WeakMap<object, string>();
  const spread = (record: object): string => {
    const known = texts.get(record);
    if (known !== undefined) return known;
    const text = JSON.stringify(record, null, 2).replaceAll('\n', '\n    ');
    texts.set(record, text);
    return text;
  };
  return (data, revision) => [...serialisePieces(kind, data, revision, spread)].join('');
}

/** The text of the document as it is now, in pieces that are made when they are asked for. */
export function serialisePieces<T>(
  kind: DocumentKind<T>,
  data: T,
  revision: number,
  spread: (record: object) => string = JSON.stringify,
): Iterable<string> {
  const maps = kind.maps.map((name) => {
    const records = (data as Maps)[name] ?? {};
    return { name, keys: Object.keys(records), records: Object.values(records) };
  });
  if (kind.layout === 'spread') return pieces(kind, revision, maps, spread);
  return seal(kind, pieces(kind, revision, maps, JSON.stringify));
}

function* pieces(
  kind: Pick<DocumentKind<unknown>, 'name' | 'version'>,
  revision: number,
  maps: readonly { name: string; keys: string[]; records: object[] }[],
  textOf: (record: object) => string,
): Generator<string> {
  const schema = `"$schema": "./${kind.name}.schema.json"`;
  let piece = `{\n  ${schema},\n  "version": ${kind.version},\n  "revision": ${revision}`;
  for (const { name, keys, records } of maps) {
    piece += `,\n  "${name}": {`;
    for (let at = 0; at < keys.length; at++) {
      piece += `${at === 0 ? '' : ','}\n    ${JSON.stringify(keys[at])}: ${textOf(records[at] as object)}`;
      if (piece.length < pieceLength) continue;
      yield piece;
      piece = '';
    }
    piece += keys.length === 0 ? '}' : '\n  }';
  }
  yield `${piece}\n}\n`;
}

/** Which write the text is of; undefined where it does not say. */
export function revisionOf(document: JsonRecord): number | undefined {
  const { revision } = document;
  return typeof revision === 'number' && Number.isSafeInteger(revision) && revision >= 0 ? revision : undefined;
}
