import { expect, test } from 'vitest';
import { createPagesFixture } from '../../helpers/pagesFixture.ts';

const fields = { 'option.note': 'for <Monday>', 'option.may': 'look', 'option.expires': '30d', 'option.scopes': '' };

test('a token is shown once, and kept without its secret', async () => {
  const pages = await createPagesFixture({ now: '2026-11-24T12:00:00Z' });
  const made = await (await pages.post('/token', fields)).text();
  const token = /cgw_[\w-]+/.exec(made)?.[0] ?? '';
  expect(token).not.toBe('');
  const [record] = Object.values(pages.store.state.data.tokens);
  expect(record).toMatchObject({ owner: 'alice', kind: 'user', expiresAt: '2026-12-24T12:00:00.000Z', clientId: null });
  expect(record?.scopes).toEqual(['read:users!user', 'read:servers!user']);
  expect(JSON.stringify(pages.store.state.data)).not.toContain(token);
  const later = await (await pages.get('/token')).text();
  expect(later).toContain('for &lt;Monday&gt;');
  expect(later).not.toContain('cgw_');
});

test('it is revoked by its owner, and by nobody else', async () => {
  const pages = await createPagesFixture();
  await pages.post('/token', fields);
  const [record] = Object.values(pages.store.state.data.tokens);
  const mallory = { cookie: 'as=mallory' };
  expect((await pages.post('/token/revoke', { token: record?.id ?? '' }, mallory)).status).toBe(403);
  expect(Object.keys(pages.store.state.data.tokens)).toHaveLength(1);
  expect((await pages.post('/token/revoke', { token: record?.id ?? '' })).status).toBe(303);
  expect(pages.store.state.data.tokens).toEqual({});
});

test('scopes that one does not have are refused at their field, and nothing is made', async () => {
  const pages = await createPagesFixture();
  const answer = await pages.post('/token', { ...fields, 'option.scopes': 'admin:users' });
  expect(answer.status).toBe(400);
  const text = await answer.text();
  expect(text).toContain('href="#field-scopes"');
  expect(text).toContain('value="admin:users"');
  expect(pages.store.state.data.tokens).toEqual({});
});

test('nobody’s tokens but one’s own are listed, those of sign-ins apart', async () => {
  const pages = await createPagesFixture();
  const visit = { kind: 'oauth', clientId: 'jupyterhub-user-bob', sessionId: 's', hash: 'x' } as const;
  const times = { createdAt: '2026-11-24T00:00:00Z', expiresAt: null, lastUsedAt: null };
  await pages.store.state.update((draft) => {
    draft.tokens['a'] = { ...visit, ...times, scopes: [], id: 'a', owner: 'alice', note: 'Sign-in at bob' };
    draft.tokens['b'] = { ...visit, ...times, scopes: [], id: 'b', owner: 'bob', note: 'not mine' };
  });
  const text = await (await pages.get('/token')).text();
  expect(text.indexOf('Sign-in at bob')).toBeGreaterThan(text.indexOf('Signed in at'));
  expect(text).not.toContain('not mine');
});

test('the REST API is readable as a page', async () => {
  const pages = await createPagesFixture();
  const text = await (await pages.get('/api-docs')).text();
  for (const path of ['GET /users', 'POST /users/{name}/tokens', 'DELETE /users/{name}/servers/{server_name}'])
    expect(text).toContain(path);
});
