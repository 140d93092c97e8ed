import { expect, test } from 'vitest';
import { browserOf } from '../../../src/pages/browserOf.ts';
import { createPagesFixture } from '../../helpers/pagesFixture.ts';

test('one sees one’s own sign-ins, and ends them; the one at hand is marked', async () => {
  const pages = await createPagesFixture();
  const before = await (await pages.get('/sessions')).text();
  expect(before).toContain('Firefox on Linux (this browser)');
  expect(before).toContain('single sign-on');
  expect(before).not.toContain('session-bob');
  expect((await pages.post('/sessions/end', { id: 'session-alice-2' })).status).toBe(303);
  expect(await (await pages.get('/sessions')).text()).not.toContain('session-alice-2');
});

test.each([
  ['end', { id: 'session-bob' }],
  ['end-all', { account: 'bob' }],
])('nobody but an admin ends another’s: %s', async (what, fields) => {
  const pages = await createPagesFixture();
  expect((await pages.post(`/sessions/${what}`, fields)).status).toBe(403);
  expect(await (await pages.get('/sessions?all', { account: 'root' })).text()).toContain('session-bob');
});

test('nobody but an admin sees another’s', async () => {
  const pages = await createPagesFixture();
  for (const query of ['?all', '?account=bob']) {
    expect((await pages.get(`/sessions${query}`)).status).toBe(403);
    expect(await (await pages.get(`/sessions${query}`, { account: 'root' })).text()).toContain('session-bob');
  }
});

test('an end without the form’s own token is refused', async () => {
  const pages = await createPagesFixture();
  expect((await pages.post('/sessions/end-all', { account: 'alice', _csrf: 'x' })).status).toBe(403);
});

test.each([
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0', 'Edge on Windows'],
  ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) Version/17 Safari/605.1.15', 'Safari on macOS'],
  ['curl/8.0', 'curl'],
  ['', 'A program'],
  ['<script>'.repeat(20), '<script>'.repeat(5)],
])('%s is called %s', (userAgent, name) => {
  expect(browserOf(userAgent)).toBe(name);
});
