import { appendFile, readFile, rename, stat } from 'node:fs/promises';
import type { Fault } from './faults.ts';
import type { FieldEdit } from './merge.ts';
import type { Conflict } from './mergeValue.ts';

/** One save of `admin.json` by a person, or the end of one that was refused. */
export interface EditRecord {
  /** ISO 8601, UTC. */
  at: string;
  outcome: 'taken' | 'refused' | 'dismissed';
  /** Who, as far as editors and file owners tell. */
  by: string | null;
  /** At most 200; `count` says how many there were. */
  edits: readonly FieldEdit[];
  count: number;
  conflicts: readonly Conflict[];
  faults: readonly Fault[];
  /** Anything else to know: what the edit was compared with, or why nothing came of it. */
  note: string;
  /** Where the file was kept aside. */
  keptAt: string | null;
}

export interface EditLog {
  /** Newest first. */
  list(): readonly EditRecord[];
  add(record: EditRecord): Promise<void>;
}

const shown = 100;
const rotateBytes = 2 * 1024 * 1024;

/** Kept in `edits.jsonl`, a line each, so that a restart forgets nothing; only the newest are in memory. */
export async function openEditLog(path: string, warn: (error: unknown) => void): Promise<EditLog> {
  const text = await readFile(path, 'utf8').catch(() => '');
  let records = text
    .split('\n')
    .slice(-shown - 1)
    .flatMap(parse)
    .toReversed();
  return {
    list: () => records,
    async add(record) {
      records = [record].concat(records).slice(0, shown);
      try {
        const { size } = await stat(path).catch(() => ({ size: 0 }));
        if (size > rotateBytes) await rename(path, `${path}.1`);
        await appendFile(path, `${JSON.stringify(record)}\n`, { mode: 0o600 });
      } catch (error) {
        warn(error);
      }
    },
  };
}

function parse(line: string): EditRecord[] {
  try {
    return [JSON.parse(line) as EditRecord];
  } catch {
    return [];
  }
}
