import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { changesPathOf } from './appendedFile.ts';
import { createBackups } from './backups.ts';
import { nodeFiles } from './files.ts';
import { stateKind } from './kinds.ts';
import { takeLock } from './lock.ts';
import { readAppended } from './readAppended.ts';
import { replaceFile } from './replace.ts';
import { createSerialise } from './serialise.ts';

/** Puts a text in the place of `state.json`, under the lock; the version that was there goes to the backups. */
export async function restoreFiles(dataDir: string, texts: { state: string }): Promise<void> {
  const lock = takeLock(dataDir, systemClock);
  try {
    const warn = (): void => {};
    const backups = createBackups({ kind: stateKind, dataDir, clock: systemClock, files: nodeFiles, warn });
    const path = join(dataDir, 'state.json');
    const now = await currentText(path);
    if (now !== undefined) await backups.keepText(now);
    const replaced = await replaceFile(nodeFiles, path, texts.state);
    await rm(changesPathOf(path), { force: true });
    if (replaced?.old !== undefined) await rm(replaced.old, { force: true });
  } finally {
    lock.release();
  }
}

/** With what was changed since it was written, where that can be read. */
async function currentText(path: string): Promise<string | undefined> {
  const [text, changes] = await Promise.all([path, changesPathOf(path)].map((each) => nodeFiles.read(each)));
  const read = text === undefined ? undefined : readAppended(stateKind, text, changes);
  return read?.ok === true ? createSerialise(stateKind)(read.data, read.revision ?? 0) : text;
}
