import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openStore } from '../../src/store/open.ts';
import { collectLog } from './storeFixture.ts';

const writer = join(import.meta.dirname, 'storeWriter.ts');

/**
 * Lets a process write until it has acknowledged `count` changes of both documents, kills it some time into the next
 * ones with SIGKILL, and opens the store anew. Throws where that is refused or where something acknowledged is missing.
 */
export async function writeAndKill(dataDir: string, count: number, delayMs = 0): Promise<void> {
  const child = spawn(process.execPath, [writer, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  let told = 0;
  let last = -1;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== 'open') last = Number(line);
    if (line !== 'open' && ++told === count) setTimeout(() => child.kill('SIGKILL'), delayMs);
  }
  await gone;
  const store = await openStore({ dataDir, log: collectLog().log });
  try {
    const missing = { choice: store.state.data.choices[`n${last}`], account: store.admin.data.accounts[`n${last}`] };
    if (missing.choice === undefined || missing.account === undefined || store.hand.refused !== undefined)
      throw new Error(`n${last} was acknowledged in ${dataDir} and is not there: ${JSON.stringify(missing)}`);
  } finally {
    await store.close();
  }
}
