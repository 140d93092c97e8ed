import { basename, dirname, join } from 'node:path';
import type { Backups } from './backups.ts';
import { changeLine, headLine } from './changeLines.ts';
import type { RecordChange } from './draft.ts';
import { errnoOf, sameStamp, temporaryName, type FileLayer, type FileStamp } from './files.ts';
import type { DocumentKind } from './kinds.ts';
import { unreadableError } from './read.ts';
import { readAppended } from './readAppended.ts';
import { replaceFile } from './replace.ts';
import { serialisePieces } from './serialise.ts';
import type { Memory, StoredFile } from './storedFile.ts';

/**
 * A document that the program alone writes, and writes often (`state.json`).
 *
 * As long as it is small it is written whole. A larger one is left as it is, and what changes goes to the end of
 * `state.changes`, so that one change costs the same with a hundred records and with a hundred thousand; the document
 * is written anew once its changes are half as large as itself, when its newest backup would be too old, and at the
 * end. That is done in pieces, between which requests get their turn.
 */
export interface AppendedFileParts<T> {
  kind: DocumentKind<T>;
  path: string;
  /** Up to this size it is written whole. */
  wholeBytes: number;
  files: FileLayer;
  backups: Backups;
  now(): number;
  warn(fields: object, message: string): void;
}

/** So many bytes of changes are there at least before the document is written anew. */
const leastChangeBytes = 1024 * 1024;
/** There is no room for a line: even less is there for the whole document. */
const noRoom: ReadonlySet<string | undefined> = new Set(['ENOSPC', 'EDQUOT']);

export function createAppendedFile<T extends object>(parts: AppendedFileParts<T>): StoredFile<T> {
  const { kind, path, files, backups } = parts;
  const changesPath = changesPathOf(path);
  let memory: Memory<T> | undefined;
  let found = true;
  /** Counts the writes, those that failed too. */
  let revision = 0;
  /** The last that was acknowledged. */
  let acknowledged = 0;
  /** The document as it was last written; undefined where it must be written whole before anything is appended. */
  let whole: { revision: number; atMs: number } | undefined;
  /** Of that file; undefined where it is not sure. */
  let stamp: FileStamp | undefined;
  /** The file of changes over it, if there is one. */
  let changes: { bytes: number; ended: boolean } | undefined;
  let changesMayBeThere = false;
  /** The last version of each record that is on no disk yet. */
  let pending = new Map<string, RecordChange>();

  async function read(): Promise<T | null> {
    const text = await files.read(path);
    const lines = await files.read(changesPath);
    found = text !== undefined;
    if (text === undefined) {
      if (lines !== undefined) await setAside(`there is no ${kind.name}.json that it belongs to`);
      return null;
    }
    const result = readAppended(kind, text, lines);
    if (!result.ok) throw unreadableError(path, kind, result, await backups.newest());
    if (lines !== undefined && result.changes === undefined)
      await setAside(result.stray === true ? 'it belongs to a later one than is there' : 'nothing whole is in it');
    stamp = await files.stamp(path);
    revision = acknowledged = result.revision ?? 0;
    if (result.migratedFrom !== undefined) await backups.keepText(text);
    else whole = { revision: result.changes?.over ?? revision, atMs: parts.now() };
    if (result.changes !== undefined) changes = { bytes: lines?.length ?? 0, ended: result.changes.ended };
    changesMayBeThere = changes !== undefined;
    return result.data;
  }

  async function setAside(why: string): Promise<void> {
    const folder = join(dirname(path), 'refused');
    const keptAt = join(folder, basename(temporaryName(changesPath)).slice(1));
    await files.makeFolder(folder);
    await files.rename(changesPath, keptAt);
    parts.warn({ keptAt }, `store: ${basename(changesPath)} was put aside: ${why}`);
  }

  async function write(data: T): Promise<void> {
    const size = Number(stamp?.size ?? 0);
    if (whole === undefined || size <= parts.wholeBytes) return writeWhole(data);
    if (pending.size > 0) await append(whole.revision);
    const isLong = changes !== undefined && changes.bytes > Math.max(leastChangeBytes, size / 2);
    if (isLong || parts.now() - whole.atMs > kind.backupEveryMs) await writeWhole(data);
  }

  async function append(over: number): Promise<void> {
    const taken = pending;
    pending = new Map();
    revision += 1;
    const line = changeLine({ revision, after: acknowledged, changes: taken.values() });
    try {
      if (changes === undefined) await begin(headLine(over) + line);
      else {
        await files.append(changesPath, changes.ended ? line : `\n${line}`);
        await files.sync(changesPath);
      }
      changes = { bytes: (changes?.bytes ?? 0) + line.length, ended: true };
      acknowledged = revision;
    } catch (error) {
      pending = new Map([...taken, ...pending]);
      if (changes !== undefined) changes.ended = false;
      if (!noRoom.has(errnoOf(error))) whole = undefined;
      throw error;
    }
  }

  async function begin(text: string): Promise<void> {
    const temporary = temporaryName(changesPath);
    changesMayBeThere = true;
    try {
      await files.create(temporary, text);
      await files.sync(temporary);
      await files.rename(temporary, changesPath);
    } catch (error) {
      await files.remove(temporary).catch(() => undefined);
      throw error;
    }
    await files.syncFolder(dirname(changesPath));
  }

  async function writeWhole(data: T): Promise<void> {
    whole = undefined;
    pending = new Map();
    revision += 1;
    const written = revision;
    const pieces = serialisePieces(kind, data, written);
    const before = await files.stamp(path);
    const strange = before !== undefined && stamp !== undefined && !sameStamp(before, stamp);
    stamp = undefined;
    const replaced = await replaceFile(files, path, pieces);
    ({ stamp } = replaced ?? { stamp: undefined });
    whole = { revision: written, atMs: parts.now() };
    acknowledged = written;
    if (changesMayBeThere) await files.remove(changesPath).catch(() => undefined);
    changesMayBeThere = false;
    changes = undefined;
    if (replaced?.old !== undefined) await keepOld(replaced.old, strange);
  }

  async function keepOld(old: string, strange: boolean): Promise<void> {
    if (!strange) return backups.keepFile(old);
    const keptAt = await backups.keepText((await files.read(old)) ?? '');
    parts.warn({ keptAt }, `store: ${kind.name}.json was changed by another program; that was not taken`);
    await files.remove(old);
  }

  return {
    isNew: () => !found,
    attach(to) {
      memory = to;
      if (found && whole === undefined) to.changed();
    },
    noted(made) {
      for (const change of made) pending.set(`${change.map} ${change.key}`, change);
    },
    read,
    write,
    look: () => Promise.resolve(),
    async tidy() {
      if (memory !== undefined && changes !== undefined) await writeWhole(memory.data);
    },
  };
}

export function changesPathOf(path: string): string {
  return path.replace(/\.json$/, '.changes');
}
