import { openOne } from '../../src/store/openOne.ts';
import { adminKind } from '../../src/store/kinds.ts';
import type { AdminData } from '../../src/store/schema.ts';
import { MemoryDisk } from './memoryDisk.ts';
import { collectLog } from './storeFixture.ts';

export const adminPath = '/data/admin.json';

/** `admin.json` on a disk in memory, written at once. */
export function openAdmin(disk: MemoryDisk) {
  const { log } = collectLog();
  const edits = { list: () => [], add: () => Promise.resolve() };
  return openOne<AdminData>(adminKind, { dataDir: '/data', log, edits, files: disk.files, batchMs: 0 });
}

/** The same sequence of outcomes for the same seed (mulberry32). */
export function randomBy(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * count);
  };
}

/**
 * Some writes, the power cut after `steps` steps of the disk, and a start on what the disk then has. Throws where that
 * start refuses, or where a state comes up that is neither the last acknowledged one nor a later one.
 */
export async function cutOnce(steps: number, seed: number, exchanges = true): Promise<'cut' | 'done'> {
  const disk = new MemoryDisk();
  disk.exchanges = exchanges;
  const random = randomBy(seed);
  const first = await openAdmin(disk);
  disk.cutAfter(steps);
  let told = 0;
  for (let n = 1; n <= 3 && !disk.isCut; n++)
    await first.document
      .update((draft) => void (draft.accounts[`n${n}`] = { note: 'x'.repeat(20) }))
      .then(
        () => (told = n),
        () => undefined,
      );
  const cut = disk.isCut;
  // The process is gone: a late retry of its writer must not reach the disk of the next one.
  const survivor = disk.afterCut(random);
  await first.document.close().catch(() => undefined);
  const again = await openAdmin(survivor);
  await again.file.look();
  const names = Object.keys(again.document.data.accounts);
  await again.document.close();
  const expected = names.map((_, index) => `n${index + 1}`);
  if (names.join() !== expected.join() || names.length < told)
    throw new Error(`cut after ${steps} steps, seed ${seed}: ${told} were acknowledged, and ${names.join()} is there`);
  return cut ? 'cut' : 'done';
}
