import { readdirSync, readFileSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openStore } from '../../src/store/open.ts';
import type { StoreOptions } from '../../src/store/open.ts';
import type { AdminData, StateData } from '../../src/store/schema.ts';
import type { Store } from '../../src/store/types.ts';
import { collectLog, freshFolder } from '../helpers/storeFixture.ts';
import { promptlyMs, until } from '../helpers/until.ts';

/** A person with an editor, beside a running store. */
interface Desk {
  dataDir: string;
  path: string;
  store: Store<AdminData, StateData>;
  lines: Record<string, unknown>[];
  text: () => string;
}

const open: Store<AdminData, StateData>[] = [];
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

async function sitDown(options: Partial<StoreOptions> = {}): Promise<Desk> {
  const dataDir = options.dataDir ?? freshFolder();
  const { log, lines } = collectLog();
  const store = await openStore({ batchMs: 5, ...options, dataDir, log });
  open.push(store);
  const path = join(dataDir, 'admin.json');
  return { dataDir, path, store, lines, text: () => readFileSync(path, 'utf8') };
}

type Edit = (data: AdminData) => void;

/** The text with a change made in it, as an editor would save it. */
function edited(text: string, edit: Edit): string {
  const data = JSON.parse(text) as AdminData;
  edit(data);
  return JSON.stringify(data, null, 2);
}

const add =
  (name: string, entry: AdminData['accounts'][string] = {}): Edit =>
  (data) =>
    void (data.accounts[name] = entry);

describe('every way of saving is seen', () => {
  const ways: Record<string, (path: string, text: string) => void> = {
    'in place': (path, text) => writeFileSync(path, text),
    'in two writes': (path, text) => {
      writeFileSync(path, text.slice(0, 40));
      writeFileSync(path, text.slice(40), { flag: 'a' });
    },
    'swap and rename': (path, text) => {
      writeFileSync(`${path}~new`, text);
      renameSync(`${path}~new`, path);
    },
    'old one moved away first': (path, text) => {
      renameSync(path, `${path}~`);
      writeFileSync(path, text);
    },
    'removed and written anew': (path, text) => {
      unlinkSync(path);
      writeFileSync(path, text);
    },
  };

  test.each(Object.entries(ways))('%s', async (_, save) => {
    const { store, path, text } = await sitDown({ pollMs: 60_000 });
    const started = performance.now();
    save(path, edited(text(), add('ann', { admin: true })));
    await until(() => store.admin.data.accounts['ann']?.admin === true);
    expect(performance.now() - started).toBeLessThan(promptlyMs);
  });

  test('through a symlink into another folder, which stays a symlink', async () => {
    const [dataDir, etc] = [freshFolder(), freshFolder()];
    const first = await sitDown({ dataDir });
    await first.store.close();
    open.length = 0;
    renameSync(join(dataDir, 'admin.json'), join(etc, 'gateway.json'));
    symlinkSync(join(etc, 'gateway.json'), join(dataDir, 'admin.json'));
    const { store, text } = await sitDown({ dataDir, pollMs: 60_000 });
    writeFileSync(join(etc, 'new'), edited(text(), add('ann')));
    renameSync(join(etc, 'new'), join(etc, 'gateway.json'));
    await until(() => store.admin.data.accounts['ann']);
    await store.admin.update(add('bob'));
    expect(Object.keys((JSON.parse(readFileSync(join(etc, 'gateway.json'), 'utf8')) as AdminData).accounts)).toEqual([
      'ann',
      'bob',
    ]);
  });

  test('without any notice from the system, by the slow poll', async () => {
    const dataDir = freshFolder();
    const { store, path, text } = await sitDown({ dataDir, pollMs: 100 });
    writeFileSync(path, edited(text(), add('ann')));
    await until(() => store.admin.data.accounts['ann']);
  });
});

describe('what is merged', () => {
  test('an edit of a version that the program has since replaced loses nothing of either side', async () => {
    const { store, path, text } = await sitDown();
    await store.admin.update(add('gone'));
    const opened = text();
    await store.admin.update(add('by-program'));
    await store.admin.update((draft) => void (draft.groups['ops'] = { members: ['by-program'] }));
    const changes: unknown[] = [];
    store.admin.onChange(({ by, changes: made }) => changes.push([by, made.map(({ key }) => key)]));
    writeFileSync(
      path,
      edited(opened, (data) => {
        add('by-hand', { note: 'x' })(data);
        delete data.accounts['gone'];
      }),
    );
    await until(() => store.admin.data.accounts['by-hand']);
    expect(Object.keys(store.admin.data.accounts).sort()).toEqual(['by-hand', 'by-program']);
    expect(store.admin.data.groups['ops']?.members).toEqual(['by-program']);
    expect(changes).toEqual([['hand', ['by-hand', 'gone']]]);
    await until(() => (JSON.parse(text()) as AdminData).groups['ops']);
  });

  test('two fields of one record go together; one field changed by both is a conflict, and the hand wins', async () => {
    const { store, path, text } = await sitDown();
    await store.admin.update(add('ann', { note: 'old', uid: 5 }));
    const opened = text();
    await store.admin.update((draft) => Object.assign(draft.accounts['ann'] ?? {}, { note: 'program', blocked: true }));
    writeFileSync(path, edited(opened, add('ann', { note: 'hand', uid: 5, admin: true })));
    await until(() => store.admin.data.accounts['ann']?.admin);
    expect(store.admin.data.accounts['ann']).toEqual({ note: 'hand', uid: 5, admin: true, blocked: true });
    const [record] = await until(() => (store.hand.list().length > 0 ? store.hand.list() : undefined));
    expect(record).toMatchObject({
      outcome: 'taken',
      edits: [
        { path: 'accounts.ann.note', before: 'old', after: 'hand' },
        { path: 'accounts.ann.admin', after: true },
      ],
      conflicts: [{ path: 'accounts.ann.note', base: 'old', kept: 'hand', dropped: 'program' }],
    });
  });

  test('an edit may be taken back by saving once more from the same window', async () => {
    const { store, path, text } = await sitDown();
    const opened = text();
    writeFileSync(path, edited(opened, add('ann')));
    await until(() => store.admin.data.accounts['ann']);
    writeFileSync(path, opened);
    await until(() => store.admin.data.accounts['ann'] === undefined);
  });

  test('an edit alone is not written over: its layout and its time stay', async () => {
    const { store, path, text } = await sitDown();
    const mine = JSON.stringify(JSON.parse(edited(text(), add('ann'))));
    writeFileSync(path, mine);
    await until(() => store.hand.list()[0]);
    await store.hand.look();
    expect(text()).toBe(mine);
  });

  test('an old version saved unchanged takes nothing back', async () => {
    const { store, path, text } = await sitDown();
    const opened = text();
    await store.admin.update(add('ann'));
    await store.admin.update(add('bob'));
    writeFileSync(path, opened);
    await until(() => text().includes('"bob"'));
    expect(Object.keys(store.admin.data.accounts)).toEqual(['ann', 'bob']);
  });

  test('the version that was replaced is kept, and the list of edits is there after a restart', async () => {
    const { store, path, text, dataDir } = await sitDown();
    await store.admin.update(add('before'));
    const replaced = text();
    writeFileSync(path, edited(text(), add('ann')));
    const record = await until(() => store.hand.list()[0]);
    expect(readFileSync(String(record.keptAt), 'utf8')).toBe(replaced);
    await store.close();
    open.length = 0;
    expect((await sitDown({ dataDir })).store.hand.list()).toEqual([record]);
  });
});

describe('what is refused', () => {
  async function refuse(desk: Desk, text: string): Promise<string> {
    writeFileSync(desk.path, text);
    const { faults } = await until(() => desk.store.hand.refused);
    return faults
      .map(({ line, column, message, suggestion }) => `${line}:${column} ${message} ${suggestion}`)
      .join('\n');
  }

  test.each<[string, (text: string) => string, string]>([
    ['a comma too many', (text) => text.replace('"accounts": {}', '"accounts": {},,'), '5:18'],
    ['a schema fault', (text) => edited(text, add('ann', { admn: true } as object)), 'Did you mean "admin"?'],
    ['an empty file', () => '', 'The file is empty.'],
    ['a newer version', (text) => text.replace('"version": 2', '"version": 9'), 'of version 9'],
    [
      'a group that is not there',
      (text) =>
        edited(
          text,
          (data) => void (data.services['x'] = { upstream: { kind: 'unix', path: '/x' }, groups: ['local:ops'] }),
        ),
      'There is no group "ops"',
    ],
    [
      'two accounts of one uid',
      (text) => edited(text, (data) => void [add('ann', { uid: 7 })(data), add('bob', { uid: 7 })(data)]),
      '"bob" and "ann" both have uid 7',
    ],
  ])('%s changes nothing and is explained', async (_, spoil, expected) => {
    const desk = await sitDown();
    const bad = spoil(desk.text());
    expect(await refuse(desk, bad)).toContain(expected);
    expect(desk.store.admin.data.accounts).toEqual({});
    await desk.store.admin.update(add('by-program'));
    expect(desk.text(), 'nothing is written over the file').toBe(bad);
    const record = await until(() => desk.store.hand.list()[0]);
    expect(readFileSync(String(record.keptAt), 'utf8')).toBe(bad);
    expect(JSON.stringify(desk.lines)).toContain('was refused and nothing was changed');
  });

  test('mended, it is merged with what the program did meanwhile', async () => {
    const desk = await sitDown();
    const good = edited(desk.text(), add('ann'));
    await refuse(desk, good.slice(0, -3));
    await desk.store.admin.update(add('by-program'));
    writeFileSync(desk.path, good);
    await until(() => desk.text().includes('by-program') && desk.text().includes('ann'));
    expect(desk.store.hand.refused).toBeUndefined();
  });

  test('dismissed, the last good state is written over it', async () => {
    const desk = await sitDown();
    await refuse(desk, '{');
    await desk.store.admin.update(add('by-program'));
    expect(await desk.store.hand.dismiss('ann')).toBe(true);
    await until(() => desk.text().includes('by-program'));
    expect(desk.store.hand.list()[0]).toMatchObject({ outcome: 'dismissed', by: 'ann' });
    expect(await desk.store.hand.dismiss('ann')).toBe(false);
  });

  test('a restart goes on with the last good state, and the file is still refused', async () => {
    const desk = await sitDown();
    await refuse(desk, '{');
    await desk.store.admin.update(add('by-program'));
    await desk.store.close();
    open.length = 0;
    const again = await sitDown({ dataDir: desk.dataDir });
    expect(again.store.admin.data.accounts).toEqual({ 'by-program': {} });
    await until(() => again.store.hand.refused);
    expect(again.text()).toBe('{');
  });

  test('a user whom neither the file nor the system knows, and a system user with two names', async () => {
    const uids = new Map([
      ['ann', 1001],
      ['anna', 1001],
      ['bob', 1002],
    ]);
    const people = { list: async () => uids, uidOf: async (name: string) => uids.get(name) };
    const desk = await sitDown({ people });
    const share = {
      id: 's',
      owner: 'ann',
      server: '',
      level: 'read',
      expiresAt: null,
      note: '',
      createdAt: '2026-11-24T00:00:00Z',
    } as const;
    const faults = await refuse(
      desk,
      edited(desk.text(), (data) => {
        data.accounts = { ann: {}, anna: {} };
        data.shares['s'] = { ...share, grantee: { kind: 'user', name: 'bbo' } };
      }),
    );
    expect(faults).toContain('"anna" and "ann" both have uid 1001');
    expect(faults).toContain('"bbo" is neither in "accounts" nor a user of this system');
    writeFileSync(desk.path, edited(JSON.stringify(desk.store.admin.data), add('bob')));
    await until(() => desk.store.admin.data.accounts['bob']);
  });

  test('a file of 50 MB is refused unread', async () => {
    const desk = await sitDown();
    expect(await refuse(desk, ' '.repeat(50 * 1024 * 1024))).toContain('The file has 50 MB');
  });
});

describe('while the gateway was down', () => {
  test('an edit is taken at the start; a backup copied over the file brings back what it holds', async () => {
    const first = await sitDown();
    await first.store.admin.update(add('ann'));
    await first.store.admin.update(add('bob'));
    await first.store.close();
    open.length = 0;
    writeFileSync(first.path, edited(first.text(), add('cy')));
    const second = await sitDown({ dataDir: first.dataDir });
    expect(Object.keys(second.store.admin.data.accounts)).toEqual(['ann', 'bob', 'cy']);
    await second.store.close();
    open.length = 0;
    const backups = join(first.dataDir, 'backups');
    const onlyAnn = readdirSync(backups)
      .map((name) => readFileSync(join(backups, name), 'utf8'))
      .find((text) => text.includes('"ann"') && !text.includes('"bob"'));
    writeFileSync(first.path, String(onlyAnn));
    const third = await sitDown({ dataDir: first.dataDir });
    expect(Object.keys(third.store.admin.data.accounts)).toEqual(['ann']);
  });

  test('a file of version 1 is brought up to date, and kept', async () => {
    const dataDir = freshFolder();
    const old =
      '{"version": 1, "revision": 3, "accounts": {"ann": {}}, "groups": {}, "shares": {}, "announcements": {}, "servers": {}}';
    writeFileSync(join(dataDir, 'admin.json'), old);
    const { store, text } = await sitDown({ dataDir });
    await until(() => text().includes('"version": 2'));
    expect(store.admin.data).toMatchObject({ version: 2, accounts: { ann: {} }, services: {}, profiles: {} });
    const kept = readdirSync(join(dataDir, 'backups')).map((name) =>
      readFileSync(join(dataDir, 'backups', name), 'utf8'),
    );
    expect(kept).toContain(old);
  });
});
