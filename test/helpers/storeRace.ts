import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../../src/store/open.ts';
import { collectLog, freshFolder } from './storeFixture.ts';

export interface RaceEnd {
  /** Of the program's writes, and of the saves, so many are not in the file in the end. */
  lostWrites: number;
  lostEdits: number;
  refused: number;
  seconds: number;
}

/** The program writes, a few records at a time, while another process edits the same file. */
export async function raceEditor(options: { writes: number; edits: number; thinkMs: number }): Promise<RaceEnd> {
  const { writes, edits, thinkMs } = options;
  const dataDir = freshFolder();
  const started = performance.now();
  const store = await openStore({ dataDir, log: collectLog().log, batchMs: 5 });
  const path = join(dataDir, 'admin.json');
  const words = [join(import.meta.dirname, 'storeEditor.ts'), path, String(edits), String(thinkMs)];
  const editor = spawn(process.execPath, words, { stdio: 'inherit' });
  const gone = once(editor, 'exit');
  const pauseMs = (edits * thinkMs * 2) / (writes / 10);
  const told: Promise<void>[] = [];
  for (let n = 0; n < writes; n += 10) {
    for (let each = n; each < Math.min(n + 10, writes); each++)
      told.push(store.admin.update((draft) => void (draft.accounts[`write${each}`] = {})));
    await sleep(pauseMs);
  }
  await Promise.all(told);
  await gone;
  const refused = store.hand.list().filter(({ outcome }) => outcome === 'refused').length;
  await store.close();
  const { accounts } = JSON.parse(readFileSync(path, 'utf8')) as { accounts: object };
  const lost = (name: string, count: number): number =>
    Array.from({ length: count }, (_, n) => `${name}${n}`).filter((key) => !Object.hasOwn(accounts, key)).length;
  const seconds = (performance.now() - started) / 1000;
  return { lostWrites: lost('write', writes), lostEdits: lost('edit', edits), refused, seconds };
}
