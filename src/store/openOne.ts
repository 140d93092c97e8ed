import { join } from 'node:path';
import { systemClock, type Clock } from '../clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { createBackups } from './backups.ts';
import { openDocument, type OpenDocument } from './document.ts';
import { createDocumentFile, type DocumentFile } from './documentFile.ts';
import type { EditLog } from './editLog.ts';
import { nodeFiles, type FileLayer } from './files.ts';
import { createEditTeller } from './handEdits.ts';
import type { People } from './judge.ts';
import type { DocumentKind } from './kinds.ts';
import { createLastGood, lastGoodPath } from './lastGood.ts';

export interface OpenOneOptions {
  dataDir: string;
  log: Logger;
  edits: EditLog;
  clock?: Clock;
  batchMs?: number;
  files?: FileLayer;
  people?: People;
}

/** One document with all that belongs to it; the folder is ready and locked. */
export async function openOne<T extends object>(
  kind: DocumentKind<T>,
  options: OpenOneOptions,
): Promise<{ document: OpenDocument<T>; file: DocumentFile<T> }> {
  const { dataDir, log, clock = systemClock, files = nodeFiles, batchMs = 100, people } = options;
  const path = join(dataDir, `${kind.name}.json`);
  const warn = (fields: object, message: string): void => log.warn({ document: kind.name, ...fields }, message);
  const backups = createBackups({
    kind,
    dataDir,
    clock,
    files,
    warn: (err) => warn({ err }, 'store: no backup could be kept'),
  });
  const lastGood = kind.byHand ? createLastGood(lastGoodPath(dataDir, kind.name), files) : undefined;
  const teller = createEditTeller({ name: kind.name, path, dataDir, files, clock, log, edits: options.edits });
  const now = (): number => clock.now();
  const file = createDocumentFile({ kind, path, files, backups, lastGood, teller, people, now, warn });
  return { document: await openDocument({ kind, file, batchMs, clock, log }), file };
}
