import { beforeEach, describe, expect, test } from 'vitest';
import { createPagesFixture } from '../../helpers/pagesFixture.ts';
import type { PagesFixture } from '../../helpers/pagesFixture.ts';

let pages: PagesFixture;
beforeEach(async () => {
  pages = await createPagesFixture();
});

const asRoot = { account: 'root' };

async function shown(path = '/admin'): Promise<string> {
  const answer = await pages.get(path, asRoot);
  expect(answer.status).toBe(200);
  return answer.text();
}

/** Sends one of the page's own forms, as its button would. */
async function press(kind: string, fields: Record<string, string>): Promise<Response> {
  const form = new RegExp(`action="/hub/admin/${kind}"><input type="hidden" name="_csrf" value="([^"]+)"`);
  const token = form.exec(await shown())?.[1] ?? pages.csrfToken(`/admin/${kind}`, 'root');
  return pages.post(`/admin/${kind}`, { _csrf: token, ...fields }, { cookie: 'as=root' });
}

test('is for admins alone, and in their navigation alone', async () => {
  expect((await pages.get('/admin')).status).toBe(403);
  expect((await pages.post('/admin/users', { key: 'bob', act: 'block' })).status).toBe(403);
  expect(await (await pages.get('/home')).text()).not.toContain('/hub/admin');
  expect(await shown('/home')).toContain('/hub/admin');
});

describe('what its forms do', () => {
  test('block and unblock, make an admin and take it back', async () => {
    pages.store.edit((draft) => void (draft.accounts['bob'] = { note: 'x' }));
    const bob = () => pages.store.admin.data.accounts['bob'];
    expect((await press('users', { key: 'bob', act: 'block' })).status).toBe(303);
    expect(bob()).toEqual({ note: 'x', blocked: true });
    await press('users', { key: 'bob', act: 'admin' });
    await press('users', { key: 'bob', act: 'unblock' });
    expect(bob()).toEqual({ note: 'x', admin: true });
    await press('users', { key: 'bob', act: 'unadmin' });
    expect(bob()).toEqual({ note: 'x' });
  });

  test('nobody blocks themselves by mistake', async () => {
    const answer = await press('users', { key: 'root', act: 'block' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('You cannot block yourself');
  });

  test('groups get and lose members, and go', async () => {
    await press('groups', { key: 'ops', act: 'members', add: 'ann, bob', drop: '' });
    await press('groups', { key: 'ops', act: 'members', add: 'cy', drop: 'ann' });
    expect(pages.store.admin.data.groups['ops']?.members).toEqual(['bob', 'cy']);
    await press('groups', { key: 'ops', act: 'remove' });
    expect(pages.store.admin.data.groups).toEqual({});
  });

  test('an announcement for some hours is on the home page, and goes', async () => {
    await press('announcements', { act: 'add', key: '', text: 'Power cut', level: 'warning', hours: '2' });
    const [one] = Object.values(pages.store.admin.data.announcements);
    expect(one).toMatchObject({ text: 'Power cut', level: 'warning', until: '2026-11-24T14:00:00.000Z' });
    expect(await (await pages.get('/home')).text()).toContain('Power cut');
    await press('announcements', { act: 'remove', key: String(one?.id) });
    expect(pages.store.admin.data.announcements).toEqual({});
  });

  test('what cannot be is said on the page, and changes nothing', async () => {
    const answer = await press('announcements', { act: 'add', key: '', text: 'x', level: 'purple', hours: '' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('level: Invalid option');
    expect((await press('users', { key: 'bob', act: 'constructor' })).status).toBe(400);
    expect((await press('groups', { key: 'a b', act: 'members', add: '', drop: '' })).status).toBe(400);
  });
});

test('of twenty thousand accounts a hundred are shown, and the search finds the others', async () => {
  pages.store.edit((draft) => {
    for (let n = 0; n < 20_000; n++) draft.accounts[`user${n}`] = n === 19_999 ? { note: 'the last' } : {};
  });
  const all = await shown();
  expect(all).toContain('20000 accounts, the first 100 of which are shown');
  expect(all.match(/<th scope="row">user/g)).toHaveLength(100);
  expect(await shown('/admin?q=THE+last')).toContain('user19999');
});

test('edits, conflicts and a refused save are told, with the way out, and as text', async () => {
  const nothing = { by: null, edits: [], count: 0, conflicts: [], faults: [], note: '', keptAt: null };
  let dismissedBy = '';
  Object.assign(pages.store.hand, {
    refused: {
      since: '2026-11-24T11:00:00Z',
      faults: [{ line: 7, column: 3, path: 'accounts.x', message: 'Unknown field "<b>".', suggestion: 'Remove it.' }],
    },
    list: () => [
      {
        ...nothing,
        at: '2026-11-24T10:00:00Z',
        outcome: 'taken',
        by: 'carol (Vim)',
        count: 1,
        edits: [{ path: 'accounts.ann.note', before: 'old', after: 'new' }],
        conflicts: [{ path: 'accounts.ann.note', base: 'old', kept: 'new', dropped: 'program' }],
      },
    ],
    dismiss: (by: string) => Promise.resolve((dismissedBy = by) !== ''),
  });
  const page = await shown();
  expect(page).toContain('line 7, column 3, accounts.x: Unknown field &quot;&lt;b&gt;&quot;. Remove it.');
  expect(page).toContain('by carol (Vim)');
  expect(page).toContain('accounts.ann.note: &quot;old&quot; → &quot;new&quot;');
  expect(page).toMatch(/Conflict: accounts\.ann\.note was changed to &quot;program&quot;/);
  expect((await press('edits', { key: 'edit', act: 'dismiss' })).status).toBe(303);
  expect(dismissedBy).toBe('root');
});
