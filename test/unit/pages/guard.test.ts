import { expect, test } from 'vitest';
import { createPagesFixture } from '../../helpers/pagesFixture.ts';

test('every page forbids inline code, frames, caching and guessing of types', async () => {
  const pages = await createPagesFixture();
  for (const path of ['/home', '/spawn', '/nothing', '/spawn/bob']) {
    const { headers } = await pages.get(path);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    expect(headers.get('x-request-id')).toMatch(/./);
  }
});

test('no page has inline style, script or handler, which the policy would block', async () => {
  const pages = await createPagesFixture();
  for (const path of ['/home', '/spawn'])
    expect(await (await pages.get(path)).text()).not.toMatch(/ style=|<style| on[a-z]+=|<script>|javascript:/);
});

test('who is not signed in is sent to sign in and back; a program is told', async () => {
  const pages = await createPagesFixture();
  const person = await pages.get('/spawn?workflow=a%26b', { headers: { cookie: '' } });
  expect(person.status).toBe(302);
  expect(person.headers.get('location')).toBe('/hub/login?next=%2Fhub%2Fspawn%3Fworkflow%3Da%2526b');
  const program = await pages.get('/home', { headers: { cookie: '', accept: '*/*' } });
  expect(program.status).toBe(401);
  expect(await program.json()).toMatchObject({ status: 401, code: 'auth.required' });
});

test.each([
  ['from another site', { 'sec-fetch-site': 'cross-site' }],
  ['from a sister site', { 'sec-fetch-site': 'same-site' }],
  ['of a foreign origin', { 'sec-fetch-site': '', origin: 'https://evil.example' }],
  ['of a hidden origin', { origin: 'null' }],
  ['sent by a script of our own origin', { 'sec-fetch-mode': 'cors' }],
])('a form %s is refused', async (_what, headers) => {
  const pages = await createPagesFixture();
  expect((await pages.post('/spawn', {}, headers)).status).toBe(403);
  expect(pages.servers.started).toEqual([]);
});

test('a form without the token of this very session is refused, even from our own origin', async () => {
  const pages = await createPagesFixture();
  for (const _csrf of ['', 'wrong', `${pages.csrfToken('/spawn')}x`])
    expect((await pages.post('/spawn', { _csrf })).status).toBe(403);
  expect((await pages.post('/spawn', {}, { cookie: 'as=bob' })).status).toBe(403);
  expect(pages.servers.started).toEqual([]);
  expect((await pages.post('/spawn', {})).status).toBe(303);
});

test('the token of one form is of no use for another: whoever reads one has not read all', async () => {
  const pages = await createPagesFixture();
  const others = ['/token', '/share/alice', '/stop', '/sessions/end-all', '/spawn/alice'];
  for (const path of others) expect((await pages.post('/spawn', { _csrf: pages.csrfToken(path) })).status).toBe(403);
  expect(pages.servers.started).toEqual([]);
  for (const path of others.slice(0, 4))
    expect((await pages.post(path, { _csrf: pages.csrfToken('/spawn') })).status).toBe(403);
  const forms = [
    ...(await (await pages.get('/token')).text()).matchAll(/action="([^"]+)"><input[^>]+value="([^"]+)"/g),
  ];
  expect(new Set(forms.map(([, , token]) => token)).size).toBe(new Set(forms.map(([, action]) => action)).size);
});

test('scripts of UI servers, which share our origin, cannot read a page and its token', async () => {
  const pages = await createPagesFixture();
  for (const mode of ['cors', 'same-origin', 'no-cors', 'websocket']) {
    const answer = await pages.get('/home', { headers: { 'sec-fetch-mode': mode } });
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toMatch(/_csrf|data-token/);
  }
});

test('too much at once is refused before it is read', async () => {
  const pages = await createPagesFixture();
  expect((await pages.post('/spawn', { 'option.args': 'x'.repeat(70_000) })).status).toBe(413);
});

test('static files, logo and health need no session; hashed files may be kept for ever', async () => {
  const pages = await createPagesFixture();
  const page = await (await pages.get('/home')).text();
  const [style = '', script = ''] = [/href="([^"]*\.css)"/.exec(page)?.[1], /src="([^"]*\.js)"/.exec(page)?.[1]];
  for (const path of [style, script]) {
    const answer = await pages.app.request(path);
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect((await answer.text()).length).toBeGreaterThan(500);
  }
  const signedOut = { headers: { cookie: '' } };
  expect((await pages.get('/logo', signedOut)).headers.get('content-type')).toBe('image/svg+xml');
  expect((await pages.get('/static/../createPages.tsx', signedOut)).status).not.toBe(200);
});

test('a report of a breached policy is taken from anyone and answered by nothing', async () => {
  const pages = await createPagesFixture();
  const answer = await pages.post('/security/csp-report', { 'csp-report': '{}' }, { cookie: '' });
  expect(answer.status).toBe(204);
});

test('under a base path every address carries it', async () => {
  const pages = await createPagesFixture({ publicUrl: 'https://site.example/gw/' });
  const text = await (await pages.get('/home')).text();
  const addresses = [...text.matchAll(/(?:href|src|action)="(\/[^"]*)"/g)].map(([, path]) => path);
  expect(addresses.length).toBeGreaterThan(5);
  expect(addresses.filter((path) => path?.startsWith('/gw/') !== true)).toEqual([]);
});
