import { expect, test } from 'vitest';
import { createPagesFixture } from '../../helpers/pagesFixture.ts';
import type { PagesFixture } from '../../helpers/pagesFixture.ts';

const fields = { 'option.linkLevel': 'control', 'option.linkExpires': '7d' };
const now = '2026-11-24T12:00:00Z';

/** The path and query of a link that was just made. */
async function makeLink(pages: PagesFixture, path = '/share-link/alice'): Promise<string> {
  const text = await (await pages.post(path, fields)).text();
  const code = /accept-share\?code=([\w-]+)</.exec(text)?.[1];
  if (code === undefined) throw new Error(`no link in ${text}`);
  return `/accept-share?code=${code}`;
}

function acceptAs(pages: PagesFixture, account: string, link: string): Promise<Response> {
  const code = link.split('=')[1] ?? '';
  const _csrf = pages.csrfToken('/accept-share', account);
  return pages.post('/accept-share', { code, _csrf }, { cookie: `as=${account}` });
}

const records = (pages: PagesFixture) => Object.values(pages.store.state.data.tokens);

test('a link is shown once, kept without its secret, and ends by itself', async () => {
  const pages = await createPagesFixture({ now });
  const link = await makeLink(pages);
  const [record] = records(pages);
  expect(record).toMatchObject({ kind: 'share', owner: 'alice', expiresAt: '2026-12-01T12:00:00.000Z' });
  expect(JSON.stringify(pages.store.state.data)).not.toContain(link.split('=')[1]);
  const later = await (await pages.get('/share/alice')).text();
  expect(later).toContain('To look and act');
  expect(later).toContain('not accepted yet');
  expect(later).not.toContain('code=');
});

test('without a choice it is to look, for a day, and starts nothing', async () => {
  const pages = await createPagesFixture({ now });
  await pages.post('/share-link/alice', {});
  expect(records(pages)).toMatchObject([
    { expiresAt: '2026-11-25T12:00:00.000Z', scopes: ['access:servers!server=alice/', 'level:read'] },
  ]);
});

test('whoever has it is asked, and then has the share', async () => {
  const pages = await createPagesFixture({ now });
  const link = await makeLink(pages, '/share-link/alice/nowcast');
  expect(await (await pages.get(link, { account: 'bob' })).text()).toContain('You may look and act');
  const answer = await acceptAs(pages, 'bob', link);
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/user/alice/nowcast/']);
  const grantee = { kind: 'user', name: 'bob' };
  expect(Object.values(pages.store.admin.data.shares)).toMatchObject([
    { server: 'nowcast', grantee, level: 'control' },
  ]);
  expect(await (await pages.get('/share/alice/nowcast')).text()).toContain('accepted once');
});

test('whoever is not signed in comes back to it', async () => {
  const pages = await createPagesFixture();
  const answer = await pages.get('/accept-share?code=x-1', { headers: { cookie: '' } });
  expect(answer.status).toBe(302);
  expect(new URL(answer.headers.get('location') ?? '', 'http://x').searchParams.get('next')).toBe(
    '/hub/accept-share?code=x-1',
  );
});

test('a link that has ended, was revoked, or never was is refused in the same words, and gives nothing', async () => {
  const pages = await createPagesFixture({ now });
  const [ended, revoked] = [await makeLink(pages), await makeLink(pages, '/share-link/alice/nowcast')];
  const [first, second] = records(pages);
  await pages.store.state.update((draft) => {
    draft.tokens[first!.id]!.expiresAt = '2026-11-24T11:59:59.000Z';
  });
  expect((await pages.post('/end-link/alice/nowcast', { link: second!.id })).status).toBe(303);
  for (const link of [ended, revoked, '/accept-share?code=cgw_x', '/accept-share']) {
    const page = await pages.get(link, { account: 'bob' });
    expect([link, page.status]).toEqual([link, 404]);
    expect(await page.text()).toContain('This share link is not known, or has ended.');
    expect((await acceptAs(pages, 'bob', link)).status).toBe(404);
  }
  expect(pages.store.admin.data.shares).toEqual({});
});

test('only the owner makes or revokes a link, not even an admin does, and never by another server’s page', async () => {
  const pages = await createPagesFixture({ now });
  await makeLink(pages);
  const [record] = records(pages);
  for (const account of ['bob', 'root']) {
    const as = { cookie: `as=${account}` };
    const post = (path: string, sent: object) =>
      pages.post(path, { ...sent, _csrf: pages.csrfToken(path, account) }, as);
    const made = await post('/share-link/alice', fields);
    expect(made.status).toBe(403);
    expect(await made.text()).toContain('Only its owner can share it.');
    expect((await post('/end-link/alice', { link: record!.id })).status).toBe(403);
    await post(`/end-link/${account}`, { link: record!.id });
  }
  await pages.post('/end-link/alice/nowcast', { link: record!.id });
  expect(records(pages)).toHaveLength(1);
  expect((await acceptAs(pages, 'alice', await makeLink(pages))).status).toBe(403);
});

test('a form without the token of the session makes, ends and accepts nothing', async () => {
  const pages = await createPagesFixture({ now });
  const link = await makeLink(pages);
  const code = link.split('=')[1] ?? '';
  const [record] = records(pages);
  for (const _csrf of ['', 'x', pages.csrfToken('/share-link/alice', 'mallory'), pages.csrfToken('/spawn')]) {
    expect((await pages.post('/share-link/alice', { ...fields, _csrf })).status).toBe(403);
    expect((await pages.post('/end-link/alice', { link: record!.id, _csrf })).status).toBe(403);
    expect((await pages.post('/accept-share', { code, _csrf }, { cookie: 'as=bob' })).status).toBe(403);
  }
  expect(records(pages)).toHaveLength(1);
  expect(pages.store.admin.data.shares).toEqual({});
});
