/** A process of its own that writes without end: tells each change only once the store has acknowledged it. Soon `state.json` is too large to be written whole. */
import { openStore } from '../../src/store/open.ts';
import { collectLog } from './storeFixture.ts';

const store = await openStore({
  dataDir: process.argv[2] as string,
  log: collectLog().log,
  batchMs: 1,
  wholeBytes: 2000,
});
console.log('open');
for (let n = Object.keys(store.state.data.choices).length; ; n++) {
  await Promise.all([
    store.state.update((draft) => void (draft.choices[`n${n}`] = { n })),
    store.admin.update((draft) => void (draft.accounts[`n${n}`] = { note: String(n) })),
  ]);
  console.log(String(n));
}
