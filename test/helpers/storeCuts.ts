import { openAppended, openEdited } from '../../src/store/openOne.ts';
import { adminKind, stateKind } from '../../src/store/kinds.ts';
import type { AdminData, StateData } from '../../src/store/schema.ts';
import { MemoryDisk } from './memoryDisk.ts';
import { collectLog } from './storeFixture.ts';

export const adminPath = '/data/admin.json';

/** `admin.json` on a disk in memory, written at once. */
export function openAdmin(disk: MemoryDisk) {
  const { log } = collectLog();
  const edits = { list: () => [], add: () => Promise.resolve() };
  return openEdited<AdminData>(adminKind, { dataDir: '/data', log, edits, files: disk.files, batchMs: 0 });
}

/** `state.json` there, every change appended to `state.changes`. */
export function openState(disk: MemoryDisk) {
  const { log } = collectLog();
  const options = { dataDir: '/data', log, files: disk.files, batchMs: 0, wholeBytes: -1 };
  return openAppended<StateData>(stateKind, options);
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

export type CutDocument = 'admin.json' | 'state.json';

/** A document that is written once for each number. */
interface Numbered {
  write(n: number): Promise<void>;
  names(): string[];
  close(): Promise<void>;
}

async function openNumbered(which: CutDocument, disk: MemoryDisk): Promise<Numbered> {
  if (which === 'state.json') {
    const document = await openState(disk);
    return {
      write: (n) => document.update((draft) => void (draft.choices[`n${n}`] = { text: 'x'.repeat(20) })),
      names: () => Object.keys(document.data.choices),
      close: () => document.close(),
    };
  }
  const { document, file } = await openAdmin(disk);
  await file.look();
  return {
    write: (n) => document.update((draft) => void (draft.accounts[`n${n}`] = { note: 'x'.repeat(20) })),
    names: () => Object.keys(document.data.accounts),
    close: () => document.close(),
  };
}

/**
 * Some writes, the power cut after `steps` steps of the disk, and a start on what the disk then has, twice. Throws where
 * a start refuses, or where a state comes up that is neither the last acknowledged one nor a later one.
 */
export async function cutOnce(options: {
  steps: number;
  seed: number;
  exchanges?: boolean;
  which?: CutDocument;
}): Promise<'cut' | 'done'> {
  const { steps, seed, exchanges = true, which = 'admin.json' } = options;
  const disk = new MemoryDisk();
  disk.exchanges = exchanges;
  const random = randomBy(seed);
  const first = await openNumbered(which, disk);
  disk.cutAfter(steps);
  let told = 0;
  for (let n = 1; n <= 3 && !disk.isCut; n++)
    await first.write(n).then(
      () => (told = n),
      () => undefined,
    );
  // The end is a write too, and may be cut.
  if (!disk.isCut) await first.close().catch(() => undefined);
  const cut = disk.isCut;
  // The process is gone: a late retry of its writer must not reach the disk of the next one.
  const survivor = disk.afterCut(random);
  await first.close().catch(() => undefined);
  const [names, later] = [await goOn(which, survivor, 'n9'), await goOn(which, survivor, 'n10')];
  const expected = names.map((_, index) => `n${index + 1}`);
  if (names.join() !== expected.join() || names.length < told || later.join() !== [...names, 'n9'].join())
    throw new Error(
      `${which} cut after ${steps} steps, seed ${seed}: ${told} were acknowledged, ${names.join()} is there, later ${later.join()}`,
    );
  return cut ? 'cut' : 'done';
}

/** Starts on what is there, says what it found, and writes one more. */
async function goOn(which: CutDocument, disk: MemoryDisk, more: string): Promise<string[]> {
  const again = await openNumbered(which, disk);
  const names = again.names();
  await again.write(Number(more.slice(1)));
  await again.close();
  return names;
}
