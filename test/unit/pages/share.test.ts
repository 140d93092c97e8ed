import { expect, test } from 'vitest';
import { createPagesFixture } from '../../helpers/pagesFixture.ts';

const fields = { 'option.kind': 'user', 'option.grantee': 'bob', 'option.level': 'control', 'option.expires': '1d' };

test('one shares one’s own server, sees with whom, and takes it back', async () => {
  const pages = await createPagesFixture({ now: '2026-11-24T12:00:00Z' });
  expect((await pages.post('/share/alice', { ...fields, 'option.note': 'for <Monday>' })).status).toBe(303);
  const [share] = Object.values(pages.store.admin.data.shares);
  expect(share).toMatchObject({ owner: 'alice', server: '', level: 'control', expiresAt: '2026-11-25T12:00:00.000Z' });
  expect(share).not.toHaveProperty('mayStart');
  const text = await (await pages.get('/share/alice')).text();
  expect(text).toContain('may look and act');
  expect(text).toContain('for &lt;Monday&gt;');
  expect((await pages.post('/unshare/alice', { share: share?.id ?? '' })).status).toBe(303);
  expect(pages.store.admin.data.shares).toEqual({});
});

test('a named server has shares of its own', async () => {
  const pages = await createPagesFixture();
  await pages.post('/share/alice/nowcast', fields);
  expect(Object.values(pages.store.admin.data.shares)).toMatchObject([{ server: 'nowcast' }]);
  expect(await (await pages.get('/share/alice')).text()).toContain('Nobody: only you can open it.');
});

test('what is wrong is said at its field, and nothing typed is lost', async () => {
  const pages = await createPagesFixture();
  const answer = await pages.post('/share/alice', { ...fields, 'option.grantee': 'nobody', 'option.note': 'hello' });
  expect(answer.status).toBe(400);
  const text = await answer.text();
  expect(text).toContain('href="#field-grantee"');
  expect(text).toContain('value="hello"');
});

test('who has shared as often as one may is told so on the page, in words', async () => {
  const pages = await createPagesFixture();
  pages.store.edit((draft) => {
    for (let index = 0; index < 500; index += 1)
      draft.shares[`s${index}`] = {
        id: `s${index}`,
        owner: 'alice',
        server: `n${index}`,
        grantee: { kind: 'user', name: 'bob' },
        level: 'read',
        expiresAt: null,
        note: '',
        createdAt: '2026-11-24T12:00:00.000Z',
      };
  });
  const answer = await pages.post('/share/alice', { ...fields, 'option.note': 'hello' });
  expect(answer.status).toBe(409);
  const text = await answer.text();
  expect(text).toContain('User alice has 500 shares already, and an account may have 500. Revoke those');
  expect(text).toContain('value="hello"');
});

test('another’s server is not shared, nor is what it is shared with shown, not even to an admin', async () => {
  const pages = await createPagesFixture();
  for (const account of ['alice', 'root']) expect((await pages.get('/share/bob', { account })).status).toBe(403);
  expect((await pages.post('/share/bob', fields)).status).toBe(403);
  expect((await pages.post('/unshare/bob', { share: 'x' })).status).toBe(403);
});
