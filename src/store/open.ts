import { join, resolve } from 'node:path';
import { systemClock, type Clock } from '../clock.ts';
import type { Logger } from '../telemetry/log.ts';
import type { EditedFile } from './editedFile.ts';
import { openEditLog } from './editLog.ts';
import { nodeFiles, type FileLayer } from './files.ts';
import { prepareFiles, prepareFolder } from './folder.ts';
import type { People } from './judge.ts';
import { adminKind, stateKind } from './kinds.ts';
import { takeLock } from './lock.ts';
import { openAppended, openEdited } from './openOne.ts';
import type { AdminData, StateData } from './schema.ts';
import { writeSchemaFile } from './schemaFile.ts';
import type { Store } from './types.ts';
import { watchFile } from './watch.ts';
import type { OnWrite } from './writer.ts';

export interface StoreOptions {
  dataDir: string;
  log: Logger;
  clock?: Clock;
  /** Changes made within this time are written together, ms. */
  batchMs?: number;
  files?: FileLayer;
  /** Up to this size `state.json` is written whole at each change; a larger one has its changes appended to another file. */
  wholeBytes?: number;
  /** Time between looks at `admin.json` where the system sends no notice of a change, ms. Default 1000. */
  pollMs?: number;
  /** Users of the system, to find names that refer to nobody. */
  people?: People;
  onWrite?: OnWrite;
}

/**
 * Opens the two documents in `dataDir`, keeps other gateways off them, and watches `admin.json` for hand edits.
 *
 * @throws SetupError: folder unwritable or somebody else's, another gateway there, a document that cannot be used
 *   (all its faults with line and column; the file stays as it is), a document of a newer version.
 */
export async function openStore(options: StoreOptions): Promise<Store<AdminData, StateData>> {
  const { log, clock = systemClock } = options;
  const dataDir = resolve(options.dataDir);
  prepareFolder(dataDir, log);
  const lock = takeLock(dataDir, clock);
  try {
    prepareFiles(dataDir, log);
    for (const kind of [adminKind, stateKind]) await writeSchemaFile(dataDir, kind);
    const edits = await openEditLog(join(dataDir, 'edits.jsonl'), (err) =>
      log.warn({ err }, 'store: the list of edits cannot be written'),
    );
    const admin = await openEdited(adminKind, { ...options, dataDir, edits });
    const state = await openAppended(stateKind, { ...options, dataDir });
    const watcher = watchAdmin(join(dataDir, 'admin.json'), admin.file, options);
    await admin.file.look();
    return {
      admin: admin.document,
      state,
      hand: {
        list: () => edits.list(),
        get refused() {
          return admin.file.refused;
        },
        dismiss: (by) => admin.file.dismiss(by),
        look: () => admin.file.look(),
      },
      async close() {
        watcher.close();
        try {
          await Promise.all([admin.document.close(), state.close()]);
        } finally {
          lock.release();
        }
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function watchAdmin(path: string, file: EditedFile<AdminData>, options: StoreOptions): { close(): void } {
  const { files = nodeFiles, log, pollMs = 1000 } = options;
  return watchFile(path, {
    pollMs,
    resolve: () => files.resolve(path),
    look: () =>
      void file.look().catch((err: unknown) => log.error({ err }, 'store: admin.json could not be looked at')),
  });
}
