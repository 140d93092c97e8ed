import type { Backups } from './backups.ts';
import type { FileLayer, FileStamp } from './files.ts';
import type { DocumentKind } from './kinds.ts';
import { digest, type LastGood } from './lastGood.ts';
import { readDocument, type ReadResult } from './read.ts';
import { tooLarge } from './saveFaults.ts';

/** The version of the file that memory knows of. */
export interface Known {
  /** Undefined if the file is gone, or is another one now. */
  stamp: FileStamp | undefined;
  text: string;
  revision: number;
}

/** What a start begins with. */
export type Start<T> =
  | { kind: 'none' }
  | { kind: 'bad'; result: ReadResult<T> & { ok: false } }
  | {
      kind: 'good';
      data: T;
      revision: number;
      known: Known;
      /** Memory is not what the file says. */
      pending: boolean;
      migratedFrom?: number;
    };

/**
 * Chooses between the file and the last good state. They differ when the gateway was killed between two steps of a
 * write, or when somebody has saved the file since: that is then looked at like any other edit.
 */
export async function chooseStart<T>(parts: {
  kind: DocumentKind<T>;
  path: string;
  files: FileLayer;
  backups: Backups;
  lastGood: LastGood;
}): Promise<Start<T>> {
  const { kind, path, files, backups } = parts;
  const stamp = await files.stamp(path);
  if (stamp !== undefined && Number(stamp.size) > kind.maxBytes && (await parts.lastGood.read()) === undefined)
    return { kind: 'bad', result: { ok: false, faults: [tooLarge(stamp, kind.maxBytes)] } };
  const readable = stamp !== undefined && Number(stamp.size) <= kind.maxBytes;
  const text = readable ? await files.read(path) : undefined;
  const kept = await parts.lastGood.read();
  const good = kept === undefined ? undefined : readDocument(kind, kept.text);
  if (kept === undefined || good?.ok !== true)
    return text === undefined ? { kind: 'none' } : fromFile(kind, text, stamp);
  const revision = good.revision ?? 0;
  const base = { kind: 'good', data: good.data, revision } as const;
  if (text === kept.text) return withMigration({ ...base, known: { stamp, text, revision }, pending: false }, good);
  if (stamp === undefined || (text !== undefined && digest(text) === kept.over))
    return { ...base, known: { stamp, text: text ?? kept.text, revision }, pending: true };
  // Copied over from the backups: somebody wants to go back.
  const backup = text === undefined ? undefined : await backups.find(revisionOf(kind, text) ?? -1);
  if (text !== undefined && backup === text) return fromFile(kind, text, stamp, revision);
  return { ...base, known: { stamp: undefined, text: kept.text, revision }, pending: false };
}

function fromFile<T>(kind: DocumentKind<T>, text: string, stamp: FileStamp | undefined, leastRevision = 0): Start<T> {
  const result = readDocument(kind, text);
  if (!result.ok) return { kind: 'bad', result };
  const revision = Math.max(result.revision ?? 0, leastRevision);
  const start = {
    kind: 'good',
    data: result.data,
    revision,
    known: { stamp, text, revision },
    pending: false,
  } as const;
  return withMigration({ ...start, pending: leastRevision > 0 }, result);
}

function withMigration<T>(
  start: Start<T> & { kind: 'good' },
  { migratedFrom }: ReadResult<T> & { ok: true },
): Start<T> {
  return migratedFrom === undefined ? start : { ...start, pending: true, migratedFrom };
}

function revisionOf(kind: DocumentKind<unknown>, text: string): number | undefined {
  const result = readDocument(kind, text);
  return result.ok ? result.revision : undefined;
}
