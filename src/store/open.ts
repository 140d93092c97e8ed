import { join, resolve } from 'node:path';
import { systemClock, type Clock } from '../clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { createAdapter } from './adapter.ts';
import { createBackups } from './backups.ts';
import { openDocument, type OpenDocument } from './document.ts';
import { nodeFiles, type FileLayer } from './files.ts';
import { prepareFiles, prepareFolder } from './folder.ts';
import { adminKind, stateKind, type DocumentKind } from './kinds.ts';
import { takeLock } from './lock.ts';
import type { AdminData, StateData } from './schema.ts';
import { writeSchemaFile } from './schemaFile.ts';
import type { Store } from './types.ts';

export interface StoreOptions {
  dataDir: string;
  log: Logger;
  clock?: Clock;
  /** Changes made within this time are written together, ms. */
  batchMs?: number;
  files?: FileLayer;
}

/**
 * Opens the two documents in `dataDir` and keeps other gateways off them.
 *
 * @throws SetupError: folder unwritable or somebody else's, another gateway there, a document that cannot be used
 *   (all its faults with line and column; the file stays as it is), a document of a newer version.
 */
export async function openStore(options: StoreOptions): Promise<Store<AdminData, StateData>> {
  const { log, clock = systemClock, files = nodeFiles, batchMs = 100 } = options;
  const dataDir = resolve(options.dataDir);
  prepareFolder(dataDir, log);
  const lock = takeLock(dataDir, clock);
  try {
    prepareFiles(dataDir, ['admin.json', 'state.json'], log);
    for (const kind of [adminKind, stateKind]) await writeSchemaFile(dataDir, kind);
    const open = <T extends object>(kind: DocumentKind<T>): Promise<OpenDocument<T>> => {
      const path = join(dataDir, `${kind.name}.json`);
      const backups = createBackups({ kind, path, dataDir, clock });
      return openDocument({ kind, adapter: createAdapter({ kind, path, files, backups }), batchMs, clock, log });
    };
    const admin = await open(adminKind);
    const state = await open(stateKind);
    return {
      admin,
      state,
      async close() {
        try {
          await Promise.all([admin.close(), state.close()]);
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
