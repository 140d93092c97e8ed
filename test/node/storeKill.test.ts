import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { collectLog, freshFolder } from '../helpers/storeFixture.ts';

const writer = join(import.meta.dirname, '../helpers/storeWriter.ts');
const { log } = collectLog();

/** Runs the writer until it has acknowledged `count` changes, kills it, and returns the last that it told. */
async function writeAndKill(dataDir: string, count: number): Promise<number> {
  const child = spawn(process.execPath, [writer, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let told = 0;
  let last = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'open') continue;
    last = Number(line);
    if (++told === count) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return last;
}

test('a writer killed with SIGKILL loses nothing that it acknowledged, and its lock is taken over', async () => {
  const dataDir = freshFolder();
  for (const count of [1, 7, 20, 33]) {
    const last = await writeAndKill(dataDir, count);
    const store = await openStore({ dataDir, log });
    expect(Object.keys(store.state.data.choices).length).toBeGreaterThan(last);
    expect(store.state.data.choices[`n${last}`]).toEqual({ n: last });
    await store.close();
  }
});
