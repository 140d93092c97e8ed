import { join } from 'node:path';
import { systemClock, type Clock } from '../clock.ts';
import type { Logger } from '../telemetry/log.ts';
import { createAppendedFile } from './appendedFile.ts';
import { createBackups } from './backups.ts';
import { openDocument, type OpenDocument } from './document.ts';
import { createEditedFile, type EditedFile } from './editedFile.ts';
import type { EditLog } from './editLog.ts';
import { nodeFiles, type FileLayer } from './files.ts';
import { createEditTeller } from './handEdits.ts';
import type { People } from './judge.ts';
import type { DocumentKind } from './kinds.ts';
import { createLastGood, lastGoodPath } from './lastGood.ts';
import type { OnWrite } from './writer.ts';

/** One document with all that belongs to it; the folder is ready and locked. */
export interface OpenOneOptions {
  dataDir: string;
  log: Logger;
  clock?: Clock;
  batchMs?: number;
  files?: FileLayer;
  onWrite?: OnWrite;
}

const defaultWholeBytes = 256 * 1024;

/** One that people edit. */
export async function openEdited<T extends object>(
  kind: DocumentKind<T>,
  options: OpenOneOptions & { edits: EditLog; people?: People },
): Promise<{ document: OpenDocument<T>; file: EditedFile<T> }> {
  const parts = partsOf(kind, options);
  const { dataDir, people, edits } = options;
  const lastGood = createLastGood(lastGoodPath(dataDir, kind.name), parts.files);
  const teller = createEditTeller({ ...parts, name: kind.name, dataDir, edits });
  const file = createEditedFile({ ...parts, lastGood, teller, people });
  return { document: await openDocument({ ...parts, file }), file };
}

/** One that the program alone writes. */
export async function openAppended<T extends object>(
  kind: DocumentKind<T>,
  options: OpenOneOptions & { wholeBytes?: number },
): Promise<OpenDocument<T>> {
  const parts = partsOf(kind, options);
  const { wholeBytes = defaultWholeBytes } = options;
  return openDocument({ ...parts, file: createAppendedFile({ ...parts, wholeBytes }) });
}

function partsOf<T>(kind: DocumentKind<T>, options: OpenOneOptions) {
  const { dataDir, log, clock = systemClock, files = nodeFiles, batchMs = 100 } = options;
  const warn = (fields: object, message: string): void => log.warn({ document: kind.name, ...fields }, message);
  const backups = createBackups({
    kind,
    dataDir,
    clock,
    files,
    warn: (err) => warn({ err }, 'store: no backup could be kept'),
  });
  const path = join(dataDir, `${kind.name}.json`);
  const { onWrite } = options;
  return { kind, path, files, backups, clock, batchMs, log, warn, onWrite, now: () => clock.now() };
}
