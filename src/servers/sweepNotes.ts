import { readdir, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Records } from './records.ts';

const keepNotesMs = 3_600_000;

/**
 * Removes launchers' notes that no record names any more. Not at once: by the claim of a start that was given up a
 * launcher that comes late knows that nobody wants it.
 */
export async function sweepNotes({ records, runtimeDir }: { records: Records; runtimeDir: string }): Promise<void> {
  const folder = join(runtimeDir, 'starts');
  const used = new Set(records.awake().flatMap(({ runFile }) => (runFile === null ? [] : [basename(runFile)])));
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    const start = (name.split('.')[0] ?? '').replace(/-cold$/, '');
    if (!used.has(start) && Date.now() - mtimeMs > keepNotesMs) await rm(path, { force: true });
  }
}
