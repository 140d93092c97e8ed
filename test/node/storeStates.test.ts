import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFiles } from '../../src/store/files.ts';
import { openStore } from '../../src/store/open.ts';
import { describeWith } from '../helpers/requires.ts';
import { collectLog, freshFolder } from '../helpers/storeFixture.ts';
import { until } from '../helpers/until.ts';

function sh(...words: string[]): void {
  const { status, stderr } = spawnSync(words[0] ?? '', words.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
}

describeWith(['root'], 'a real file system of 256 kB', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = freshFolder();
    sh('mount', '-t', 'tmpfs', '-o', 'size=256k,mode=700', 'tmpfs', dataDir);
  });
  afterEach(() => sh('umount', '-l', dataDir));

  test('full: callers and log are told, memory goes on, nothing half-written stays; with room all is written', async () => {
    const { log, lines } = collectLog();
    const store = await openStore({ dataDir, log, batchMs: 1 });
    await store.admin.update((draft) => void (draft.accounts['ann'] = {}));
    const ballast = join(dataDir, 'ballast');
    for (const bytes of [200_000, 40_000, 8000, 4096, 4096, 4096])
      try {
        writeFileSync(ballast, Buffer.alloc(bytes), { flag: 'a' });
      } catch {
        // It is full now, which is what was wanted.
      }
    const big = store.admin.update((draft) => {
      for (let n = 0; n < 200; n++) draft.accounts[`n${n}`] = { note: 'x'.repeat(100) };
    });
    await expect(big).rejects.toMatchObject({ code: 'store.unwritable' });
    expect(store.admin.trouble?.reason).toBe('the disk is full');
    expect(JSON.parse(readFileSync(join(dataDir, 'admin.json'), 'utf8'))).toMatchObject({ accounts: { ann: {} } });
    expect(readdirSync(dataDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    rmSync(ballast);
    await until(() => store.admin.trouble === undefined);
    expect(readFileSync(join(dataDir, 'admin.json'), 'utf8')).toContain('"n199"');
    expect(lines.map(({ msg }) => String(msg)).join()).toContain('records cannot be written: the disk is full');
    await store.close();
  });

  test('read-only at the start is told as such', async () => {
    sh('mount', '-o', 'remount,ro', dataDir);
    await expect(openStore({ dataDir, log: collectLog().log })).rejects.toMatchObject({
      exitCode: 73,
      message: expect.stringMatching(/cannot be written/) as string,
    });
  });
});

describe('files that are there at the start', () => {
  const head = '{"version":2,"accounts":{';
  const tail = '},"groups":{},"shares":{},"announcements":{},"servers":{},"services":{},"profiles":{}}';
  test.each([
    ['empty', '', 'The file is empty.'],
    ['truncated', `${head}"ann":{}`, 'The file ends before its last'],
    ['with a BOM', `\uFEFF${head}${tail}`, 'byte order mark'],
    ['with comments', `${head} // none yet\n${tail}`, 'Remove the comment'],
    ['with a trailing comma', `${head}"ann":{},${tail}`, 'There is a comma too many'],
    ['with __proto__', `${head}"__proto__":{"admin":true}${tail}`, 'The name "__proto__" cannot be used.'],
    ['of 50 MB', `${head}${tail}${' '.repeat(50 * 1024 * 1024)}`, 'MB; the largest that is read has 16 MB'],
  ])('%s: refused in words', async (_, text, expected) => {
    const dataDir = freshFolder();
    writeFileSync(join(dataDir, 'admin.json'), text);
    await expect(openStore({ dataDir, log: collectLog().log })).rejects.toThrow(expected);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });
});

test('a file system that becomes read-only is told, and written to when it is not any more', async () => {
  let readOnly = false;
  const create: typeof nodeFiles.create = (path, text) =>
    readOnly ? Promise.reject(Object.assign(new Error('EROFS'), { code: 'EROFS' })) : nodeFiles.create(path, text);
  const store = await openStore({
    dataDir: freshFolder(),
    log: collectLog().log,
    batchMs: 1,
    files: { ...nodeFiles, create },
  });
  readOnly = true;
  await expect(store.admin.update((draft) => void (draft.accounts['ann'] = {}))).rejects.toThrow();
  expect(store.admin.trouble?.reason).toBe('the file system is read-only');
  readOnly = false;
  await until(() => store.admin.trouble === undefined);
  await store.close();
});

test('a file of 50 MB that replaced a good one is not written over; the last good state goes on', async () => {
  const dataDir = freshFolder();
  const first = await openStore({ dataDir, log: collectLog().log });
  await first.admin.update((draft) => void (draft.accounts['ann'] = {}));
  await first.close();
  const huge = ' '.repeat(50 * 1024 * 1024);
  writeFileSync(join(dataDir, 'admin.json'), huge);
  const store = await openStore({ dataDir, log: collectLog().log });
  expect(store.admin.data.accounts).toEqual({ ann: {} });
  await until(() => store.hand.refused);
  await store.admin.update((draft) => void (draft.accounts['bob'] = {}));
  await store.close();
  expect(statSync(join(dataDir, 'admin.json')).size).toBe(huge.length);
});

test('a clock that goes back stops neither writes nor backups nor hand edits', async () => {
  const dataDir = freshFolder();
  let now = Date.parse('2026-11-24T12:00:00Z');
  const store = await openStore({ dataDir, log: collectLog().log, batchMs: 1, clock: { now: () => now } });
  for (const name of ['ann', 'bob', 'cy']) {
    await store.admin.update((draft) => void (draft.accounts[name] = {}));
    now -= 3_600_000;
  }
  expect(readdirSync(join(dataDir, 'backups'))).toHaveLength(3);
  writeFileSync(
    join(dataDir, 'admin.json'),
    readFileSync(join(dataDir, 'admin.json'), 'utf8').replace('"cy"', '"dee"'),
  );
  await store.hand.look();
  expect(Object.keys(store.admin.data.accounts)).toEqual(['ann', 'bob', 'dee']);
  await store.close();
});
