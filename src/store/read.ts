import { z } from 'zod';
import { SetupError } from '../errors.ts';
import { faultText, schemaFaults, type Fault, type Place } from './faults.ts';
import { isObject, type JsonRecord } from './json.ts';
import { adoptDocument, type DocumentKind } from './kinds.ts';
import { migrate } from './migrate.ts';
import { scanJson, type Scan } from './scan.ts';
import { revisionOf } from './serialise.ts';

/** A document's text, understood or not. `newer`: it was written by a later version of the gateway. */
export type ReadResult<T> =
  | {
      ok: true;
      data: T;
      /** As the text says; undefined where it says none. */
      revision: number | undefined;
      /** It was of an earlier version, and is now of ours. */
      migratedFrom?: number;
      place: Place;
    }
  | { ok: false; faults: Fault[]; newer?: number };

/** What people edit is scanned for doubled keys, of which JSON.parse drops the first; a larger file only when something else is wrong. */
export const alwaysScannedBytes = 16 * 1024 * 1024;

/**
 * Parses and validates: all faults at once, each with its place. `amend` may change what was parsed before it is
 * looked at. `known`: the parsed text, where it is known to be good.
 */
export function readDocument<T>(
  kind: DocumentKind<T>,
  text: string,
  how: { known?: JsonRecord | undefined; amend?: (document: JsonRecord, revision: number | undefined) => void } = {},
): ReadResult<T> {
  const { known, amend } = how;
  if (known !== undefined) return readKnown(kind, text, known, amend);
  const parsed = parse(text);
  const always = kind.byHand && text.length < alwaysScannedBytes;
  const scan = parsed === undefined || always ? scanJson(text) : undefined;
  if (scan !== undefined && scan.faults.length > 0) return { ok: false, faults: scan.faults };
  let found = scan;
  const places = (): Scan => (found ??= scanJson(text));
  if (!isObject(parsed))
    return {
      ok: false,
      faults: [
        {
          ...places().place([]),
          path: '',
          message: 'The document must be an object.',
          suggestion: 'It begins with { and ends with }.',
        },
      ],
    };
  const version = parsed['version'];
  if (typeof version === 'number' && version > kind.version) return { ok: false, faults: [], newer: version };
  amend?.(parsed, revisionOf(parsed));
  const current = migrate(parsed, kind.migrations, kind.version);
  const checked = kind.schema.safeParse(current);
  const place: Place = (path) => places().place(path);
  if (!checked.success)
    return { ok: false, faults: schemaFaults(checked.error, place, (path) => knownFields(kind.schema, path)) };
  return {
    ok: true,
    data: adoptDocument(kind, current),
    revision: revisionOf(parsed),
    place,
    ...(current === parsed ? {} : { migratedFrom: version as number }),
  };
}

function readKnown<T>(
  kind: DocumentKind<T>,
  text: string,
  known: JsonRecord,
  amend: ((document: JsonRecord, revision: number | undefined) => void) | undefined,
): ReadResult<T> {
  const revision = revisionOf(known);
  amend?.(known, revision);
  return { ok: true, data: adoptDocument(kind, known), revision, place: (path) => scanJson(text).place(path) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Names of the fields that the schema knows at a path. */
function knownFields(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: unknown = schema;
  for (const step of path) {
    while (at instanceof z.ZodOptional || at instanceof z.ZodNullable) at = at.unwrap();
    if (at instanceof z.ZodObject) at = at.shape[String(step)];
    else if (at instanceof z.ZodRecord) at = at.valueType;
    else if (at instanceof z.ZodArray) at = at.element;
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

/** What the person at the terminal is told when the gateway cannot start on a document. Nothing was changed. */
export function unreadableError(
  path: string,
  kind: DocumentKind<unknown>,
  result: ReadResult<unknown> & { ok: false },
  newestBackup?: string,
): SetupError {
  if (result.newer !== undefined)
    return new SetupError(`${path} is of version ${result.newer}; this gateway knows versions up to ${kind.version}.`, {
      advice: 'It was written by a newer gateway: start that one, or restore a backup made before the upgrade.',
    });
  const shown = result.faults.slice(0, 20).map((fault) => `\n  ${faultText(fault)}`);
  const more = result.faults.length > shown.length ? `\n  … and ${result.faults.length - shown.length} more` : '';
  const backup = newestBackup === undefined ? '' : ` Or copy the last version over it: ${newestBackup}`;
  return new SetupError(`${path} cannot be used; it was left as it is:${shown.join('')}${more}`, {
    advice: `Mend it and start again.${backup}`,
  });
}
