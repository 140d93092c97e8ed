import { applyLines, readLines, type ChangeLine } from './changeLines.ts';
import { recordSchema, type DocumentKind } from './kinds.ts';
import { readDocument, type ReadResult } from './read.ts';
import { readSealed } from './seal.ts';

/** A document with the changes that were appended since it was written. */
export type ReadAppended<T> = ReadResult<T> & {
  /** The file of changes belongs to this document; `ended`: with a whole line. */
  changes?: { over: number; ended: boolean };
  /** It is of a later document than this one: somebody has put an older one in its place. */
  stray?: boolean;
};

export function readAppended<T>(kind: DocumentKind<T>, text: string, changes: string | undefined): ReadAppended<T> {
  const read = changes === undefined ? undefined : readLines(changes);
  let stray = false;
  let broken = false;
  let last = 0;
  const known = read === undefined || fit(kind, read.lines) ? readSealed(kind, text) : undefined;
  const result = readDocument(kind, text, {
    known,
    amend: (document, revision = 0) => {
      stray = read !== undefined && read.over > revision;
      const end = read === undefined || stray ? revision : applyLines(document, read.lines, revision);
      broken = end === undefined;
      last = end ?? revision;
    },
  });
  if (stray) return { ...result, stray };
  if (broken) return { ok: false, faults: [brokenFault(kind.name)] };
  if (read === undefined) return result;
  const belongs = { over: read.over, ended: read.ended };
  return result.ok ? { ...result, revision: last, changes: belongs } : { ...result, changes: belongs };
}

/** Whether records that were changed later are such as the schema wants them. */
function fit(kind: DocumentKind<unknown>, lines: readonly ChangeLine[]): boolean {
  return lines.every(({ changes }) =>
    changes.every(
      ([map, , record]) =>
        record === null || (kind.maps.includes(map) && recordSchema(kind, map).safeParse(record).success),
    ),
  );
}

function brokenFault(name: string) {
  const message = `A part of ${name}.changes, which holds what was changed since, is damaged or missing.`;
  const suggestion = `To go on without what it holds, move ${name}.changes away.`;
  return { line: 1, column: 1, path: '', message, suggestion };
}
