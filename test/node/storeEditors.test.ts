import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, symlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import { describeWith } from '../helpers/requires.ts';
import { collectLog, freshFolder } from '../helpers/storeFixture.ts';
import { until } from '../helpers/until.ts';

/** Real editors, driven by their own scripts or by keys, beside a running store. Each makes "ann" an admin. */
const asFound = '"note": "no admin"';
const asWanted = '"admin": true';

let dataDir: string;
let path: string;
let store: Awaited<ReturnType<typeof openStore>>;
beforeEach(async () => {
  dataDir = freshFolder();
  path = join(dataDir, 'admin.json');
  store = await begin();
});
afterEach(() => store.close());

async function begin() {
  const opened = await openStore({ dataDir, log: collectLog().log, batchMs: 5, pollMs: 60_000 });
  await opened.admin.update((draft) => void (draft.accounts['ann'] = { note: 'no admin' }));
  return opened;
}

function run(command: string, words: readonly string[], input?: string): void {
  const { status, stderr, error } = spawnSync(command, words, { input, encoding: 'utf8', timeout: 20_000 });
  expect(`${command}: ${status} ${String(error ?? '')} ${status === 0 ? '' : stderr}`).toBe(`${command}: 0  `);
}

const substitute = `%s/${asFound}/${asWanted}/`;
const vi = (...settings: string[]) =>
  run('vi', ['-u', 'NONE', '-es', '-n', ...settings, '-c', substitute, '-c', 'wq', path]);
const lisp = (more: string) =>
  run('emacs', [
    '-Q',
    '--batch',
    path,
    '--eval',
    `(progn ${more} (replace-string-in-region ${JSON.stringify(asFound)} ${JSON.stringify(asWanted)} (point-min)) (save-buffer))`,
  ]);

/** Keys as they are pressed in a terminal, with a moment between them. */
async function nano(): Promise<void> {
  const child = spawn('script', ['-qec', `nano -I ${path}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm' },
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const gone = once(child, 'exit');
  const [replace, save, leave] = ['\u001C', '\u0013', '\u0018'];
  for (const keys of [replace, asFound, '\r', asWanted, '\r', 'A', save, leave]) {
    await sleep(250);
    child.stdin.write(keys);
  }
  expect(await gone).toEqual([0, null]);
}

const editors: Record<string, () => void | Promise<void>> = {
  'vi, which writes into the file': () => vi('-c', 'set backupcopy=yes'),
  'vi, which renames the old one away and leaves it as a backup': () => vi('-c', 'set backupcopy=no backup'),
  'emacs, which renames the old one away': () => lisp(''),
  'emacs, which copies the old one': () => lisp('(setq backup-by-copying t)'),
  'emacs, which writes another file and renames it': () => lisp('(setq file-precious-flag t)'),
  nano,
  ed: () => run('ed', ['-s', path], `,s/${asFound}/${asWanted}/\nw\nq\n`),
  'sed -i': () => run('sed', ['-i', `s/${asFound}/${asWanted}/`, path]),
};

/** In batch mode Emacs asks nothing, and saves and goes on with the next change, which locks the file again. */
const emacsStaysOpen = `(progn (find-file (pop command-line-args-left)) (setq buffer-save-without-query t)
  (replace-string-in-region ${JSON.stringify(asFound)} ${JSON.stringify(asWanted)} (point-min)) (save-buffer)
  (insert " ") (sleep-for 2))`;

describeWith(['editors'], 'a save by a real editor', () => {
  test.each(Object.entries(editors))('%s: taken within a second, and nothing else is changed', async (_, save) => {
    await save();
    await until(() => store.admin.data.accounts['ann']?.admin === true);
    expect(store.admin.data.accounts).toEqual({ ann: { admin: true } });
    await until(() => store.hand.list().length > 0);
    expect(store.hand.list().map(({ outcome }) => outcome)).toEqual(['taken']);
    await store.admin.update((draft) => void (draft.accounts['bob'] = {}));
    const again = JSON.parse(readFileSync(path, 'utf8')) as { accounts: object };
    expect(again.accounts, 'and the program goes on from there').toEqual({ ann: { admin: true }, bob: {} });
  });

  test.each(['ed', 'vi, which writes into the file', 'emacs, which copies the old one'])(
    '%s: through a symlink, which stays one',
    async (name) => {
      await store.close();
      const etc = join(freshFolder(), 'gateway.json');
      renameSync(path, etc);
      symlinkSync(etc, path);
      store = await begin();
      await editors[name]?.();
      await until(() => store.admin.data.accounts['ann']?.admin === true);
      await store.admin.update((draft) => void (draft.accounts['bob'] = {}));
      expect(readFileSync(etc, 'utf8')).toMatch(/"admin": true[\s\S]*"bob"/);
    },
  );

  test.each([
    ['Vim', 'vi', ['-u', 'NONE', '-es', '-c', substitute, '-c', 'w', '-c', 'sleep 2', '-c', 'q']],
    ['Emacs', 'emacs', ['-Q', '--batch', '--eval', emacsStaysOpen]],
  ])('who has it open in %s is named in the list of edits', async (name, command, words) => {
    const child = spawn(command, [...words, path], { stdio: 'inherit' });
    const gone = once(child, 'exit');
    const edit = await until(() => store.hand.list()[0]);
    expect(edit.by).toBe(`${userInfo().username} (${name})`);
    await gone;
  });
});
