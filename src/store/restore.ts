import { join } from 'node:path';
import { systemClock } from '../clock.ts';
import { createBackups } from './backups.ts';
import { nodeFiles } from './files.ts';
import { stateKind } from './kinds.ts';
import { takeLock } from './lock.ts';
import { replaceFile } from './replace.ts';

/** Puts a text in the place of `state.json`, under the lock; the version that was there goes to the backups. */
export async function restoreFiles(dataDir: string, texts: { state: string }): Promise<void> {
  const lock = takeLock(dataDir, systemClock);
  try {
    const warn = (): void => {};
    const backups = createBackups({ kind: stateKind, dataDir, clock: systemClock, files: nodeFiles, warn });
    const replaced = await replaceFile(nodeFiles, join(dataDir, 'state.json'), texts.state);
    if (replaced?.old !== undefined) await backups.keepFile(replaced.old);
  } finally {
    lock.release();
  }
}
