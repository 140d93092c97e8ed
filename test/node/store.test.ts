import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { nodeFiles } from '../../src/store/files.ts';
import { openStore } from '../../src/store/open.ts';
import { collectLog, freshFolder } from '../helpers/storeFixture.ts';
import { describeWith } from '../helpers/requires.ts';

const { log } = collectLog();

test('a change is seen at once, on disk when awaited, and there after a restart', async () => {
  const dataDir = freshFolder();
  const store = await openStore({ dataDir, log });
  const done = store.admin.update((draft) => void (draft.accounts['ann'] = { admin: true }));
  expect(store.admin.data.accounts['ann']).toEqual({ admin: true });
  await done;
  expect(JSON.parse(readFileSync(join(dataDir, 'admin.json'), 'utf8'))).toMatchObject({
    $schema: './admin.schema.json',
    version: 2,
    accounts: { ann: { admin: true } },
  });
  await store.close();
  const again = await openStore({ dataDir, log });
  expect(again.admin.data.accounts['ann']).toEqual({ admin: true });
  await again.close();
});

test('files are 0600 in a folder of 0700, also if they were looser; nothing temporary is left', async () => {
  const dataDir = freshFolder();
  chmodSync(dataDir, 0o755);
  writeFileSync(join(dataDir, '.admin.json.0123456789abcdef.tmp'), 'left by a crash');
  await (await openStore({ dataDir, log })).close();
  chmodSync(join(dataDir, 'admin.json'), 0o644);
  const store = await openStore({ dataDir, log });
  expect(statSync(dataDir).mode & 0o777).toBe(0o700);
  for (const name of ['admin.json', 'state.json']) expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
  await store.close();
  expect(readdirSync(dataDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('many changes at once are few writes', async () => {
  let writes = 0;
  const files = { ...nodeFiles, rename: (from: string, to: string) => (writes++, nodeFiles.rename(from, to)) };
  const store = await openStore({ dataDir: freshFolder(), log, files });
  writes = 0;
  await Promise.all(
    Array.from({ length: 500 }, (_, n) => store.state.update((draft) => void (draft.choices[`u${n}`] = { n }))),
  );
  expect(writes).toBeLessThanOrEqual(2);
  await store.close();
});

test('a change that throws, or does not fit the schema, is not applied', async () => {
  const store = await openStore({ dataDir: freshFolder(), log });
  const boom = store.admin.update((draft) => {
    draft.accounts['ann'] = {};
    throw new Error('boom');
  });
  await expect(boom).rejects.toThrow('boom');
  const long = store.admin.update((draft) => void (draft.accounts['ann'] = { note: 'x'.repeat(501) }));
  await expect(long).rejects.toMatchObject({ code: 'internal' });
  expect(store.admin.data.accounts).toEqual({});
  await store.close();
});

test('listeners get before, after and the records; one that throws harms nobody', async () => {
  const store = await openStore({ dataDir: freshFolder(), log });
  const seen: unknown[] = [];
  store.admin.onChange(() => {
    throw new Error('bad listener');
  });
  const end = store.admin.onChange(({ before, after, changes, by }) => {
    seen.push([Object.keys(before.accounts), Object.keys(after.accounts), changes.map(({ key }) => key), by]);
  });
  await store.admin.update((draft) => void (draft.accounts['ann'] = {}));
  end();
  await store.admin.update((draft) => void (draft.accounts['bob'] = {}));
  expect(seen).toEqual([[[], ['ann'], ['ann'], 'program']]);
  await store.close();
});

test('a full disk: callers are told, memory goes on, and all is written once there is room', async () => {
  const { log, lines } = collectLog();
  const dataDir = freshFolder();
  let full = false;
  const files = {
    ...nodeFiles,
    async create(path: string, text: string) {
      if (full) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      await nodeFiles.create(path, text);
    },
  };
  const store = await openStore({ dataDir, log, files, batchMs: 1 });
  full = true;
  await expect(store.admin.update((draft) => void (draft.accounts['ann'] = {}))).rejects.toMatchObject({
    code: 'store.unwritable',
  });
  expect(store.admin.data.accounts['ann']).toEqual({});
  expect(store.admin.trouble?.reason).toBe('the disk is full');
  full = false;
  await expect.poll(() => store.admin.trouble).toBeUndefined();
  expect(readFileSync(join(dataDir, 'admin.json'), 'utf8')).toContain('"ann"');
  expect(lines.map(({ msg }) => msg)).toEqual([
    expect.stringContaining('records cannot be written: the disk is full'),
    'store: records are written again',
  ]);
  await store.close();
});

describe('what a start refuses', () => {
  test('a second gateway on the same data, and takes over once the first has gone', async () => {
    const dataDir = freshFolder();
    const first = await openStore({ dataDir, log });
    await expect(openStore({ dataDir, log })).rejects.toMatchObject({
      message: expect.stringContaining(`process ${process.pid}`) as string,
      exitCode: 69,
    });
    await first.close();
    await (await openStore({ dataDir, log })).close();
  });

  test('a broken state.json: the file stays, the fault and the backup are named', async () => {
    const dataDir = freshFolder();
    await (await openStore({ dataDir, log })).close();
    const broken = '{ "version": 1,\n "servers": {,} }';
    writeFileSync(join(dataDir, 'state.json'), broken);
    await expect(openStore({ dataDir, log })).rejects.toMatchObject({
      message: expect.stringContaining('line 2, column 14') as string,
      advice: expect.stringContaining('Mend it') as string,
    });
    expect(readFileSync(join(dataDir, 'state.json'), 'utf8')).toBe(broken);
    const again = openStore({ dataDir, log });
    await expect(again, 'the refused start has let go of the lock').rejects.toThrow('cannot be used');
  });

  test('a broken admin.json of which no good version was ever written', async () => {
    const dataDir = freshFolder();
    writeFileSync(join(dataDir, 'admin.json'), '{ "version": 1,\n "accounts": {,} }');
    await expect(openStore({ dataDir, log })).rejects.toThrow('line 2, column 15');
  });

  test('a document of a newer version', async () => {
    const dataDir = freshFolder();
    writeFileSync(join(dataDir, 'state.json'), '{"version": 7}', { mode: 0o600 });
    await expect(openStore({ dataDir, log })).rejects.toThrow('is of version 7; this gateway knows versions up to 1');
  });

  test('a folder that cannot be made', async () => {
    const file = join(freshFolder(), 'file');
    writeFileSync(file, '');
    await expect(openStore({ dataDir: join(file, 'data'), log })).rejects.toMatchObject({ exitCode: 73 });
  });
});

describeWith(['root'], 'owners', () => {
  test("another user's folder or file is refused, with the command that mends it", async () => {
    const dataDir = freshFolder();
    chownSync(dataDir, 12_345, 12_345);
    await expect(openStore({ dataDir, log })).rejects.toMatchObject({
      message: expect.stringContaining('uid 12345') as string,
      advice: expect.stringContaining('chown') as string,
    });
    chownSync(dataDir, 0, 0);
    writeFileSync(join(dataDir, 'admin.json'), '{}');
    chownSync(join(dataDir, 'admin.json'), 12_345, 12_345);
    await expect(openStore({ dataDir, log })).rejects.toThrow('admin.json belongs to the user with uid 12345');
  });

  test('a folder that this user may not write is told as such', () => {
    const dataDir = join(freshFolder(), 'data');
    mkdirSync(dataDir, { mode: 0o500 });
    chmodSync(join(dataDir, '..'), 0o755);
    chownSync(dataDir, 65_534, 65_534);
    const script = `
      process.setuid(65534);
      const { prepareFolder } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/store/folder.ts'))});
      try { prepareFolder(${JSON.stringify(dataDir)}, console); } catch (error) { console.log(error.exitCode, error.message); }`;
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    expect(stdout).toContain(`73 The data folder ${dataDir} cannot be written (EACCES)`);
    expect(existsSync(join(dataDir, 'gateway.lock'))).toBe(false);
  });
});

describe('file systems that lack something', () => {
  const lacks = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
  const withoutExchange = { ...nodeFiles, exchange: () => Promise.resolve(false) };

  test('no exchange, as on NFS: written by rename, with backups and hand edits as elsewhere', async () => {
    const dataDir = freshFolder();
    const store = await openStore({ dataDir, log, files: withoutExchange, batchMs: 1 });
    for (const name of ['ann', 'bob', 'cy']) await store.admin.update((draft) => void (draft.accounts[name] = {}));
    expect(readdirSync(join(dataDir, 'backups')).length).toBe(3);
    const edited = readFileSync(join(dataDir, 'admin.json'), 'utf8').replace('"cy": {}', '"cy": {}, "dee": {}');
    writeFileSync(join(dataDir, 'admin.json'), edited);
    await store.admin.update((draft) => void (draft.accounts['eve'] = {}));
    expect(Object.keys(store.admin.data.accounts).sort()).toEqual(['ann', 'bob', 'cy', 'dee', 'eve']);
    await store.close();
    expect(readdirSync(dataDir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('no folder for the backups: the log says so, and writing goes on', async () => {
    const { log, lines } = collectLog();
    const dataDir = freshFolder();
    writeFileSync(join(dataDir, 'backups'), 'in the way');
    const store = await openStore({ dataDir, log, batchMs: 1 });
    await store.admin.update((draft) => void (draft.accounts['ann'] = {}));
    await store.admin.update((draft) => void (draft.accounts['bob'] = {}));
    expect(readFileSync(join(dataDir, 'admin.json'), 'utf8')).toContain('"bob"');
    expect(lines.map(({ msg }) => msg)).toContain('store: no backup could be kept');
    await store.close();
  });

  test('no fsync of folders is an error that is told, not hidden', async () => {
    const store = await openStore({ dataDir: freshFolder(), log, batchMs: 1 });
    await store.close();
    const files = { ...nodeFiles, syncFolder: lacks('EIO') };
    await expect(openStore({ dataDir: freshFolder(), log, files })).rejects.toThrow('the disk reports an error');
  });
});

describe.skipIf(!existsSync('/dev/shm'))('two file systems, between which nothing can be linked or renamed', () => {
  const made: string[] = [];
  const inMemory = (): string => {
    made.push(mkdtempSync('/dev/shm/cg-store-'));
    return made.at(-1) ?? '';
  };
  afterAll(() => {
    for (const folder of made) rmSync(folder, { recursive: true });
  });

  test('a second name is a copy there', async () => {
    const [from, to] = [join(inMemory(), 'from'), join(freshFolder(), 'to')];
    writeFileSync(from, 'text');
    await nodeFiles.keepAs(from, to);
    expect(readFileSync(to, 'utf8')).toBe('text');
    await expect(nodeFiles.keepAs(from, to), 'and overwrites nothing').rejects.toMatchObject({ code: 'EEXIST' });
  });

  test('admin.json behind a symlink to the other has its backups in the data folder', async () => {
    const [dataDir, elsewhere] = [freshFolder(), inMemory()];
    symlinkSync(join(elsewhere, 'admin.json'), join(dataDir, 'admin.json'));
    writeFileSync(
      join(elsewhere, 'admin.json'),
      '{"version":2,"accounts":{},"groups":{},"shares":{},"announcements":{},"servers":{},"services":{},"profiles":{}}',
    );
    const store = await openStore({ dataDir, log, batchMs: 1 });
    for (const name of ['ann', 'bob']) await store.admin.update((draft) => void (draft.accounts[name] = {}));
    await store.close();
    expect(readFileSync(join(elsewhere, 'admin.json'), 'utf8')).toContain('"bob"');
    expect(readdirSync(join(dataDir, 'backups'))).toHaveLength(2);
    expect(readdirSync(elsewhere)).toEqual(['admin.json']);
  });
});
