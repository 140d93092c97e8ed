import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { EditLog, EditRecord } from './editLog.ts';
import { guessEditor } from './editor.ts';
import { faultText, type Fault } from './faults.ts';
import type { FileLayer, FileStamp } from './files.ts';
import type { Merged } from './merge.ts';
import type { Conflict } from './mergeValue.ts';

/** Tells people what became of a save: in the log, and in the list that the admin page shows. */
export interface EditTeller {
  taken(merged: Merged, saved: { stamp: FileStamp; note: string; keptAt: string | null }): Promise<void>;
  /** Keeps the file aside first. */
  refused(text: string, saved: { stamp: FileStamp; faults: readonly Fault[]; note: string }): Promise<void>;
  dismissed(by: string, keptAt: string | null): Promise<void>;
}

const mostEdits = 200;
const mostFaultsLogged = 20;

export function createEditTeller(parts: {
  name: string;
  path: string;
  dataDir: string;
  files: FileLayer;
  clock: Clock;
  log: Logger;
  edits: EditLog;
}): EditTeller {
  const { name, files, clock, log, edits } = parts;
  const now = (): string => new Date(clock.now()).toISOString();

  async function record(more: Partial<EditRecord> & Pick<EditRecord, 'outcome'>): Promise<void> {
    const nothing = { by: null, edits: [], count: 0, conflicts: [], faults: [], note: '', keptAt: null };
    await edits.add({ at: now(), ...nothing, ...more });
  }

  async function who(stamp: FileStamp): Promise<string | null> {
    const target = await files.resolve(parts.path).catch(() => parts.path);
    return (await guessEditor(target, stamp.uid).catch(() => undefined)) ?? null;
  }

  async function keepAside(text: string): Promise<string> {
    const folder = join(parts.dataDir, 'refused');
    await files.makeFolder(folder);
    const path = join(folder, `${name}.${now().replaceAll(/[-:.]/g, '')}.json`);
    if ((await files.stamp(path)) !== undefined) await files.remove(path);
    await files.create(path, text);
    return path;
  }

  return {
    async taken(merged, { stamp, note, keptAt }) {
      const by = await who(stamp);
      const paths = merged.edits.map(({ path }) => path);
      log.info({ document: name, by, fields: paths.slice(0, mostEdits), note }, `store: a hand edit was taken`);
      for (const conflict of merged.conflicts) log.warn({ document: name, ...conflict }, conflictText(conflict));
      const shown = merged.edits.slice(0, mostEdits);
      await record({
        outcome: 'taken',
        by,
        edits: shown,
        count: paths.length,
        conflicts: merged.conflicts.slice(0, mostEdits),
        note,
        keptAt,
      });
    },
    async refused(text, { stamp, faults, note }) {
      const by = await who(stamp);
      const keptAt = await keepAside(text).catch((error: unknown) => {
        log.error({ document: name, err: error }, 'store: a refused edit could not be kept aside');
        return null;
      });
      const lines = faults.slice(0, mostFaultsLogged).map((fault) => `\n  ${faultText(fault)}`);
      log.error(
        { document: name, by, keptAt, faults: faults.length },
        `store: a hand edit of ${name}.json was refused and nothing was changed; mend the file, or dismiss the edit.${lines.join('')}`,
      );
      await record({ outcome: 'refused', by, faults: faults.slice(0, mostEdits), note, keptAt });
    },
    async dismissed(by, keptAt) {
      log.info({ document: name, by, keptAt }, 'store: a refused edit was dismissed; the last good state was written');
      await record({ outcome: 'dismissed', by, keptAt });
    },
  };
}

function conflictText({ path }: Conflict): string {
  return `store: ${path} was changed by hand and by the gateway; the value by hand stands`;
}
