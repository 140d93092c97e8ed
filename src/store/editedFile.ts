import { dirname } from 'node:path';
import type { Backups } from './backups.ts';
import type { Fault } from './faults.ts';
import { sameStamp, type FileLayer, type FileStamp } from './files.ts';
import type { EditTeller } from './handEdits.ts';
import { createJournal } from './journal.ts';
import { judge, type People } from './judge.ts';
import { recordSchema, type DocumentKind } from './kinds.ts';
import { digest, type LastGood } from './lastGood.ts';
import { mergeDocuments } from './merge.ts';
import { createQueue } from './queue.ts';
import { unreadableError, type ReadResult } from './read.ts';
import { replaceFile } from './replace.ts';
import { faultsOf, tooLarge, unreadable } from './saveFaults.ts';
import { createSerialise } from './serialise.ts';
import { chooseStart, type Known } from './startText.ts';
import type { Memory, StoredFile } from './storedFile.ts';

/** A save that is not taken: the file stays as its editor left it until it is mended or dismissed. */
export interface RefusedEdit {
  /** ISO 8601, UTC. */
  since: string;
  faults: readonly Fault[];
}

/**
 * The file of a document that people edit while the program writes it.
 *
 * Known → (somebody saves it) → looked at: good → merged into memory, known again; bad → refused. While refused, what
 * the program changes goes to `admin.last-good` alone. A text that is no JSON yet may be a save under way: it
 * is refused only once it has stayed the same for `settleMs`. Reads and writes go one at a time.
 */
export interface EditedFile<T> extends StoredFile<T> {
  readonly refused: RefusedEdit | undefined;
  /** Drops a refused edit; memory is then written over it. False if there is none. */
  dismiss(by: string): Promise<boolean>;
}

export interface EditedFileParts<T> {
  kind: DocumentKind<T>;
  path: string;
  files: FileLayer;
  backups: Backups;
  lastGood: LastGood;
  teller: EditTeller;
  people?: People | undefined;
  now(): number;
  warn(fields: object, message: string): void;
}

const settleMs = 300;
const mostTries = 5;

export function createEditedFile<T extends object>(parts: EditedFileParts<T>): EditedFile<T> {
  const { kind, path, files, backups, teller } = parts;
  const serialise = createSerialise(kind);
  const journal = createJournal<T>();
  const queue = createQueue();
  let memory: Memory<T> | undefined;
  let known: Known | undefined;
  let refused: (RefusedEdit & { stamp: FileStamp; keptText: string }) | undefined;
  let unsettled: { stamp: FileStamp; sinceMs: number } | undefined;
  let revision = 0;
  let found = true;
  let pending = false;
  let again: NodeJS.Timeout | undefined;

  async function read(): Promise<T | null> {
    const start = await chooseStart(parts);
    if (start.kind === 'bad') throw unreadableError(path, kind, start.result, await backups.newest());
    found = start.kind === 'good';
    if (start.kind === 'none') return null;
    ({ revision, known, pending } = start);
    if (start.migratedFrom !== undefined) await backups.keepText(start.known.text);
    journal.mark(revision);
    return start.data;
  }

  async function write(): Promise<void> {
    await lookNow();
    for (let tries = 0; tries < mostTries; tries++) {
      revision += 1;
      const text = serialise(memory === undefined ? kind.empty() : memory.data, revision);
      journal.mark(revision);
      await parts.lastGood.write(text, known === undefined ? '' : digest(known.text));
      if (refused !== undefined || unsettled !== undefined) return;
      if (await replace(text)) return;
      await lookNow();
    }
    throw new Error('the file is changed by others faster than it can be written');
  }

  async function replace(text: string): Promise<boolean> {
    const replaced = await replaceFile(files, path, text, known?.stamp);
    if (replaced === undefined) return false;
    const expected = known;
    known = { stamp: replaced.stamp, text, revision };
    if (replaced.old !== undefined) await settleOld(replaced.old, replaced.target, expected);
    return true;
  }

  /** Looks at the file that a write has just replaced: it may be a save that nobody had seen yet. */
  async function settleOld(old: string, target: string, expected: Known | undefined): Promise<void> {
    const stamp = await files.stamp(old);
    if (stamp === undefined || expected === undefined || sameStamp(stamp, expected.stamp)) return backups.keepFile(old);
    const text = (await files.read(old)) ?? '';
    if (text === expected.text) return backups.keepFile(old);
    const result = await judgeNow(text, expected.revision);
    if (!result.ok) return putBack(old, target, expected);
    await accept({ text, stamp, result, over: expected });
    await backups.keepFile(old);
  }

  /** The admin's broken file goes back to its place; what was to replace it is the last good state already. */
  async function putBack(old: string, target: string, expected: Known): Promise<void> {
    if (await files.exchange(old, target)) await files.remove(old);
    else await files.rename(old, target);
    await files.syncFolder(dirname(target));
    known = { ...expected, stamp: undefined };
    await lookNow();
  }

  async function lookNow(): Promise<void> {
    const stamp = await files.stamp(path);
    if (stamp === undefined) return missing();
    if (sameStamp(stamp, known?.stamp) || (refused !== undefined && sameStamp(stamp, refused.stamp))) return;
    if (Number(stamp.size) > kind.maxBytes) return refuse('', stamp, [tooLarge(stamp, kind.maxBytes)], '');
    let text: string;
    try {
      text = (await files.read(path)) ?? '';
    } catch (error) {
      return refuse('', stamp, [unreadable(error)], '');
    }
    if (!sameStamp(stamp, await files.stamp(path))) return lookAgain(stamp);
    if (known !== undefined && text === known.text) return backToKnown(stamp);
    const result = await judgeNow(text, known?.revision);
    if (result.ok) await accept({ text, stamp, result, over: known });
    else if (mayBeUnderWay(stamp, result)) lookAgain(stamp);
    else await refuse(text, stamp, faultsOf(result), result.newer === undefined ? '' : 'newer');
  }

  /** Nothing that anybody wants: somebody removed the file, or it is between two steps of an editor's save. */
  function missing(): void {
    if (known?.stamp === undefined && refused === undefined) return;
    if (known !== undefined) known = { ...known, stamp: undefined };
    refused = undefined;
    unsettled = undefined;
    parts.warn({}, `store: ${kind.name}.json is gone; it is written again`);
    memory?.changed();
  }

  function backToKnown(stamp: FileStamp): void {
    if (known !== undefined) known.stamp = stamp;
    unsettled = undefined;
    if (refused === undefined) return;
    refused = undefined;
    memory?.changed();
  }

  function mayBeUnderWay(stamp: FileStamp, result: ReadResult<T> & { ok: false }): boolean {
    if (result.faults.some((fault) => fault.path !== '') || result.newer !== undefined) return false;
    return !(
      unsettled !== undefined &&
      sameStamp(unsettled.stamp, stamp) &&
      performance.now() - unsettled.sinceMs >= settleMs
    );
  }

  function lookAgain(stamp: FileStamp): void {
    if (unsettled === undefined || !sameStamp(unsettled.stamp, stamp))
      unsettled = { stamp, sinceMs: performance.now() };
    clearTimeout(again);
    again = setTimeout(() => void queue(lookNow).catch(() => undefined), settleMs / 2);
    again.unref();
  }

  async function judgeNow(text: string, base: number | undefined): Promise<ReadResult<T>> {
    const before = base === undefined || memory === undefined ? undefined : journal.at(base, memory.data);
    return judge(kind, text, before, parts.people);
  }

  async function refuse(text: string, stamp: FileStamp, faults: readonly Fault[], note: string): Promise<void> {
    const since = refused?.since ?? new Date(parts.now()).toISOString();
    refused = { since, faults, stamp, keptText: text };
    unsettled = undefined;
    if (known !== undefined) await backups.keepText(known.text);
    await teller.refused(text, { stamp, faults, note });
    // So that a restart goes on with it, whatever is in the admin's file by then.
    memory?.changed();
  }

  async function accept(edit: {
    text: string;
    stamp: FileStamp;
    result: ReadResult<T> & { ok: true };
    over: Known | undefined;
  }): Promise<void> {
    if (memory === undefined) return;
    const { text, stamp, result } = edit;
    const bears = result.revision ?? edit.over?.revision;
    const base = bears === undefined ? undefined : await baseOf(bears);
    const isThere = edit.over === known;
    const keptAt = isThere ? await keepReplaced() : null;
    const merged = mergeDocuments(kind.maps, { base, theirs: result.data, mine: memory.data }, fits);
    memory.take(merged.changes);
    if (bears !== undefined) journal.markEdit(bears, result.data);
    if (isThere) known = { stamp, text, revision: bears ?? revision };
    refused = undefined;
    unsettled = undefined;
    const asSaved = merged.complete && result.revision === revision && result.migratedFrom === undefined;
    if (asSaved && isThere) await parts.lastGood.write(text, digest(text));
    else await keepSafe(isThere ? text : (known?.text ?? ''));
    const stale = merged.edits.length === 0 && merged.complete ? 'nothing was changed in it' : '';
    await teller.taken(merged, { stamp, keptAt, note: base === undefined ? noBase : stale });
  }

  /** On the disk now, and into the file itself with the next write: an edit that was taken must not be lost between. */
  async function keepSafe(over: string): Promise<void> {
    if (memory === undefined) return;
    revision += 1;
    journal.mark(revision);
    await parts.lastGood.write(serialise(memory.data, revision), digest(over));
    memory.changed();
  }

  const fits = (map: string, record: unknown): boolean => recordSchema(kind, map).safeParse(record).success;

  /** The version that the editor had opened: in memory still, or among the backups. */
  async function baseOf(bears: number): Promise<T | undefined> {
    const inMemory = memory === undefined ? undefined : journal.at(bears, memory.data);
    if (inMemory !== undefined) return inMemory;
    const text = await backups.find(bears);
    const result = text === undefined ? undefined : await judge(kind, text, undefined, undefined);
    return result?.ok === true ? result.data : undefined;
  }

  async function keepReplaced(): Promise<string | null> {
    return known === undefined ? null : backups.keepText(known.text).catch(() => null);
  }

  return {
    isNew: () => !found,
    get refused() {
      return refused === undefined ? undefined : { since: refused.since, faults: refused.faults };
    },
    attach(to) {
      memory = to;
      if (pending) to.changed();
      pending = false;
    },
    noted: (changes) => journal.add(changes),
    read,
    write: () => queue(write),
    look: () => queue(lookNow),
    tidy: () => Promise.resolve(),
    dismiss: (by) =>
      queue(async () => {
        if (refused === undefined) return false;
        const { keptText, stamp } = refused;
        known = { stamp, text: keptText, revision };
        refused = undefined;
        await teller.dismissed(by, null);
        memory?.changed();
        return true;
      }),
  };
}

const noBase = 'the version it was begun from is no longer known, so nothing was removed';
