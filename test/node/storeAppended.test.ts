import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { nodeFiles, type FileLayer } from '../../src/store/files.ts';
import { openStore, type StoreOptions } from '../../src/store/open.ts';
import { restoreFiles } from '../../src/store/restore.ts';
import { collectLog, freshFolder } from '../helpers/storeFixture.ts';
import { until } from '../helpers/until.ts';

/** `state.json` once it is too large to be written whole at each change. */
let dataDir: string;
let state: string;
let changes: string;
beforeEach(() => {
  dataDir = freshFolder();
  [state, changes] = [join(dataDir, 'state.json'), join(dataDir, 'state.changes')];
});

const { log, lines } = collectLog();
const open = (more: Partial<StoreOptions> = {}) => openStore({ dataDir, log, batchMs: 1, wholeBytes: 1000, ...more });
type Opened = Awaited<ReturnType<typeof open>>;

const choose = (store: Opened, key: string, text = 'x'): Promise<void> =>
  store.state.update((draft) => void (draft.choices[key] = { text }));

/** As a killed gateway leaves it: the document, and changes after it. */
async function leave(...keys: string[]): Promise<void> {
  const store = await open();
  await choose(store, 'first', 'x'.repeat(2000));
  for (const key of keys) await choose(store, key);
  const kept = [state, changes].map((path) => [path, readFileSync(path)] as const);
  await store.close();
  for (const [path, bytes] of kept) writeFileSync(path, bytes, { mode: 0o600 });
}

const keysNow = async (): Promise<string[]> => {
  const store = await open();
  const keys = Object.keys(store.state.data.choices);
  await store.close();
  return keys;
};

test('a change costs its own bytes; the document is as it was until it is closed, and then all is in it', async () => {
  const store = await open();
  await choose(store, 'first', 'x'.repeat(100_000));
  const whole = readFileSync(state, 'utf8');
  await choose(store, 'ann/default');
  expect(readFileSync(state, 'utf8')).toBe(whole);
  expect(statSync(changes).size).toBeLessThan(300);
  expect(statSync(changes).mode & 0o777).toBe(0o600);
  await store.close();
  expect(existsSync(changes)).toBe(false);
  expect(Object.keys((JSON.parse(readFileSync(state, 'utf8')) as { choices: object }).choices)).toEqual([
    'first',
    'ann/default',
  ]);
});

test('what a killed gateway had appended is there at the next start, removals and all, and so is what follows', async () => {
  await leave('ann', 'bob');
  const store = await open();
  await store.state.update((draft) => void delete draft.choices['ann']);
  expect(Object.keys(store.state.data.choices)).toEqual(['first', 'bob']);
  const kept = [state, changes].map((path) => [path, readFileSync(path)] as const);
  await store.close();
  for (const [path, bytes] of kept) writeFileSync(path, bytes);
  expect(await keysNow()).toEqual(['first', 'bob']);
});

test('long changes are taken into the document, while it runs', async () => {
  const store = await open();
  await choose(store, 'first', 'x'.repeat(2000));
  for (let n = 0; n < 12; n++) await choose(store, 'again', `${n}`.repeat(100_000));
  expect(statSync(state).size).toBeGreaterThan(100_000);
  expect(existsSync(changes) ? statSync(changes).size : 0).toBeLessThan(1_100_000);
  await store.close();
});

test('a last line that was cut off is left out; what is written after it counts', async () => {
  await leave('ann', 'bob');
  writeFileSync(changes, readFileSync(changes).subarray(0, -20));
  const store = await open();
  expect(Object.keys(store.state.data.choices)).toEqual(['first', 'ann']);
  await choose(store, 'cy');
  const kept = [state, changes].map((path) => [path, readFileSync(path)] as const);
  await store.close();
  for (const [path, bytes] of kept) writeFileSync(path, bytes);
  expect(await keysNow()).toEqual(['first', 'ann', 'cy']);
});

test('a damaged line among others is refused in words: something acknowledged is lost', async () => {
  await leave('ann', 'bob', 'cy');
  writeFileSync(changes, readFileSync(changes, 'utf8').replace('"bob"', '"bOb"'));
  await expect(open()).rejects.toThrow(/part of state\.changes.*damaged[\s\S]*move state\.changes away/);
});

test('an older state.json in its place goes without the changes of the later one, which are kept', async () => {
  const store = await open();
  await choose(store, 'old');
  const older = readFileSync(state);
  await store.close();
  await leave('ann');
  writeFileSync(state, older);
  expect(await keysNow()).toEqual(['old']);
  expect(lines.map(({ msg }) => String(msg)).join()).toContain('it belongs to a later one than is there');
  expect(readdirSync(join(dataDir, 'refused'))).toEqual([expect.stringMatching(/^state\.changes\./)]);
});

test('without any state.json the changes are kept aside, and nothing is made up of them', async () => {
  await leave('ann');
  rmSync(state);
  expect(await keysNow()).toEqual([]);
  expect(readdirSync(join(dataDir, 'refused'))).toHaveLength(1);
});

test('state.changes removed by somebody while it runs: the document is written whole', async () => {
  const store = await open();
  await choose(store, 'first', 'x'.repeat(2000));
  await choose(store, 'ann');
  rmSync(changes);
  await expect(choose(store, 'bob')).rejects.toMatchObject({ code: 'store.unwritable' });
  await until(() => store.state.trouble === undefined);
  expect(readFileSync(state, 'utf8')).toMatch(/"ann"[\s\S]*"bob"/);
  await store.close();
});

describe('a disk that is full in the middle of a line', () => {
  let full = false;
  const files: FileLayer = {
    ...nodeFiles,
    async append(path, text) {
      await nodeFiles.append(path, full ? text.slice(0, 15) : text);
      if (full) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    },
  };

  test('callers are told; with room again all is there, also for the next start', async () => {
    const store = await open({ files });
    await choose(store, 'first', 'x'.repeat(2000));
    await choose(store, 'ann');
    full = true;
    await expect(choose(store, 'bob')).rejects.toMatchObject({ code: 'store.unwritable' });
    expect(store.state.trouble?.reason).toBe('the disk is full');
    full = false;
    await until(() => store.state.trouble === undefined);
    await choose(store, 'cy');
    const kept = [state, changes].map((path) => [path, readFileSync(path)] as const);
    await store.close();
    for (const [path, bytes] of kept) writeFileSync(path, bytes);
    expect(await keysNow()).toEqual(['first', 'ann', 'bob', 'cy']);
  });
});

test('a backup is put in its place, and the state before it, with all its changes, is among the backups', async () => {
  await leave('ann');
  const older = readFileSync(state, 'utf8');
  await restoreFiles(dataDir, { state: older });
  expect(await keysNow()).toEqual(['first']);
  const texts = readdirSync(join(dataDir, 'backups'))
    .filter((name) => name.startsWith('state.'))
    .map((name) => readFileSync(join(dataDir, 'backups', name), 'utf8'));
  expect(texts.some((text) => text.includes('"ann"'))).toBe(true);
});
