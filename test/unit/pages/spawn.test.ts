import { expect, test } from 'vitest';
import { createPagesFixture, identityOf } from '../../helpers/pagesFixture.ts';

const alice = { owner: 'alice', name: '' };

test('the form has a control for every field, with its default, help, range and suggestions', async () => {
  const pages = await createPagesFixture();
  const text = await (await pages.get('/spawn')).text();
  for (const name of ['workflow', 'cylc', 'cpus', 'memory', 'time', 'args', 'review'])
    expect(text).toContain(`name="option.${name}"`);
  expect(text).toMatch(/<datalist id="field-workflow-list"><option value="nowcast">/);
  expect(text).toMatch(/type="number" min="1" max="8"/);
  expect(text).toMatch(/<option value="stable" selected/);
  expect(text).toContain('cores');
  expect(text).toMatch(/aria-describedby="field-memory-help"/);
});

test('the address may fill in the form, but never starts anything', async () => {
  const pages = await createPagesFixture();
  const text = await (await pages.get('/spawn?workflow=nowcast&review=on&unknown=1')).text();
  expect(text).toContain('value="nowcast" id="field-workflow"');
  expect(text).toMatch(/type="checkbox" value="on" checked/);
  expect(pages.servers.started).toEqual([]);
});

test('a start hands over typed values of the declared fields alone, and leads to the progress', async () => {
  const pages = await createPagesFixture();
  const answer = await pages.post('/spawn/alice', {
    'option.workflow': ' nowcast ',
    'option.cpus': '4',
    'option.memory': '4G',
    'option.review': 'on',
    'option.smuggled': 'x',
    next: '/user/alice/cylc/#/workspace/nowcast',
  });
  expect(answer.status).toBe(303);
  expect(answer.headers.get('location')).toBe(
    '/hub/spawn-pending/alice?next=%2Fuser%2Falice%2Fcylc%2F%23%2Fworkspace%2Fnowcast',
  );
  expect(pages.servers.started).toEqual([{ workflow: 'nowcast', cpus: 4, memory: '4G', review: true }]);
});

test('a refused start shows each fault beside its field and keeps what was typed', async () => {
  const pages = await createPagesFixture();
  const answer = await pages.post('/spawn', { 'option.workflow': 'bad name', 'option.cylc': 'next' });
  expect(answer.status).toBe(400);
  const text = await answer.text();
  expect(text).toMatch(/value="bad name" id="field-workflow"[^>]*aria-invalid="true"/);
  expect(text).toMatch(/aria-describedby="field-workflow-help field-workflow-fault"/);
  expect(text).toContain('<a href="#field-workflow">');
  expect(text).toMatch(/<option value="next" selected/);
});

test('a server that runs already is not started twice: its visitor is led on', async () => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase: 'ready' });
  expect((await pages.get('/spawn')).headers.get('location')).toBe('/user/alice/');
  expect((await pages.post('/spawn', {})).headers.get('location')).toBe('/hub/spawn-pending/alice');
  expect((await pages.get('/spawn-pending/alice')).headers.get('location')).toBe('/user/alice/');
});

test.each([
  'https://evil.example/user/alice/',
  '//evil.example/user/alice/',
  '/\\evil.example',
  '/user/alice/../../hub/logout',
  '/user/alice/..%2f',
  '/user/bob/',
  'javascript:alert(1)',
])('the way back stays within the server: %s', async (next) => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase: 'ready' });
  const answer = await pages.get(`/spawn-pending/alice?next=${encodeURIComponent(next)}`);
  expect(answer.headers.get('location')).toMatch(/^\/user\/alice\/(\.\.%2f)?$/);
});

test('nobody starts or stops a server of somebody else, except an admin', async () => {
  const pages = await createPagesFixture();
  for (const path of ['/spawn/bob', '/spawn-pending/bob', '/progress/bob'])
    expect((await pages.get(path)).status).toBe(403);
  expect((await pages.post('/spawn/bob', {})).status).toBe(403);
  expect((await pages.post('/stop', { owner: 'bob' })).status).toBe(403);
  expect((await pages.get('/spawn/bob', { account: 'root' })).status).toBe(200);
});

test('stop stops, and leads home', async () => {
  const pages = await createPagesFixture();
  pages.servers.become({ owner: 'alice', name: 'nowcast' }, { phase: 'ready' });
  const answer = await pages.post('/stop', { owner: 'alice', server: 'nowcast' });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/hub/home']);
  expect(pages.servers.get({ owner: 'alice', name: 'nowcast' })?.phase).toBe('stopped');
});

test('a start that failed is explained: reason, exit code, command, log', async () => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, {
    phase: 'failed',
    failure: {
      reason: 'It ended at once',
      code: 'spawn.failed',
      exitCode: 3,
      signal: 'SIGTERM',
      logTail: 'Traceback\n  KeyError',
      command: 'cylc hubapp --flag',
      at: '2026-11-24T00:00:00Z',
    },
  });
  const text = await (await pages.get('/spawn-pending/alice')).text();
  for (const words of [
    'It ended at once',
    '>3<',
    'SIGTERM',
    'cylc hubapp --flag',
    'Traceback\n  KeyError',
    'Start again',
  ])
    expect(text).toContain(words);
});

test('without JavaScript the progress shows what has happened and loads itself again', async () => {
  const pages = await createPagesFixture();
  await pages.post('/spawn', { 'option.workflow': '' });
  pages.servers.say(alice, 40, 'Waiting for its first answer');
  const text = await (await pages.get('/spawn-pending/alice')).text();
  expect(text).toContain('<noscript><meta http-equiv="refresh" content="2"/></noscript>');
  expect(text).toContain('<li>Asked to start</li><li>Waiting for its first answer</li>');
  expect(text).toContain('value="40"');
});

test('the log of a server is shown to its owner, with the address and token to follow it, and to no other', async () => {
  const pages = await createPagesFixture();
  expect((await pages.get('/log/alice')).status).toBe(302);
  pages.servers.become(alice, { phase: 'ready' });
  const text = await (await pages.get('/log/alice')).text();
  expect(text).toContain('/hub/api/users/alice/server/log?follow=true');
  const action = 'GET /hub/api/users/alice/server/log';
  expect(text).toContain(`data-token="${pages.shell.csrfToken(identityOf('alice'), action)}"`);
  expect((await pages.get('/log/alice', { account: 'bob' })).status).toBe(403);
  expect((await pages.get('/log/alice', { headers: { 'sec-fetch-mode': 'cors' } })).status).toBe(403);
});
