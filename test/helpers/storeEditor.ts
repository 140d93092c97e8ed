/**
 * A process of its own that edits a file as a person with a quick editor would: opens it, thinks, saves what it had
 * opened with one account more; in place and by a swap in turn. Usage: storeEditor.ts FILE EDITS THINK_MS
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AdminData } from '../../src/store/schema.ts';

const [path = '', edits = '', thinkMs = ''] = process.argv.slice(2);

for (let n = 0; n < Number(edits); n++) {
  const data = await openFile();
  data.accounts[`edit${n}`] = { note: 'by hand' };
  await sleep(Number(thinkMs));
  const text = JSON.stringify(data, null, 2);
  if (n % 2 === 0) writeFileSync(path, text);
  else {
    writeFileSync(`${path}.editor`, text);
    renameSync(`${path}.editor`, path);
  }
  await sleep(Number(thinkMs));
}

async function openFile(): Promise<AdminData> {
  for (;;)
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as AdminData;
    } catch {
      await sleep(5);
    }
}
