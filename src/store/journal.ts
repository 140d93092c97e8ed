import type { RecordChange } from './draft.ts';
import { emptyMap, type JsonRecord } from './json.ts';

/**
 * What memory was at each revision, so that an edit can be compared with the version that its editor had opened.
 * Kept as changes, newest last, and undone backwards: the cost in memory is that of the changes, not of the document.
 */
export interface Journal<T> {
  /** These changes were just made in memory. */
  add(changes: readonly RecordChange[]): void;
  /** Memory as it is now is being written as `revision`. */
  mark(revision: number): void;
  /** A person saved this under `revision`: later saves that bear it begin from here. */
  markEdit(revision: number, data: T): void;
  /** Undefined where that is no longer known. */
  at(revision: number, now: T): T | undefined;
}

const mostChanges = 50_000;
const mostEdits = 4;

export function createJournal<T extends object>(): Journal<T> {
  let entries: (readonly RecordChange[])[] = [];
  let dropped = 0;
  let size = 0;
  const marks = new Map<number, number>();
  const edits = new Map<number, T>();

  function forgetOld(): void {
    let count = 0;
    while (size > mostChanges && count < entries.length - 1) size -= entries[count++]?.length ?? 0;
    entries = entries.slice(count);
    dropped += count;
    for (const [revision, position] of marks) if (position < dropped) marks.delete(revision);
  }

  return {
    add(changes) {
      entries.push(changes);
      size += changes.length;
      if (size > mostChanges * 1.2) forgetOld();
    },
    mark: (revision) => void marks.set(revision, dropped + entries.length),
    markEdit(revision, data) {
      edits.delete(revision);
      edits.set(revision, data);
      for (const oldest of edits.keys()) if (edits.size > mostEdits) edits.delete(oldest);
    },
    at(revision, now) {
      const edited = edits.get(revision);
      if (edited !== undefined) return edited;
      const position = marks.get(revision);
      if (position === undefined || position < dropped) return undefined;
      return undo(now, entries.slice(position - dropped));
    },
  };
}

function undo<T extends object>(now: T, entries: readonly (readonly RecordChange[])[]): T {
  const copy = { ...now } as JsonRecord;
  const own = new Set<string>();
  for (const { map, key, before } of entries.toReversed().flatMap((changes) => changes.toReversed())) {
    if (!own.has(map)) copy[map] = Object.assign(emptyMap(), copy[map]);
    own.add(map);
    const records = copy[map] as JsonRecord;
    if (before === undefined) delete records[key];
    else records[key] = before;
  }
  return copy as T;
}
