import { expect, test } from 'vitest';
import { createPagesFixture } from '../../helpers/pagesFixture.ts';

const alice = { owner: 'alice', name: '' };
const failure = {
  reason: 'The command was not found',
  code: 'spawn.command-missing',
  exitCode: 127,
  signal: null,
  logTail: 'sh: cylc: not found <oops>',
  command: 'cylc hubapp',
  at: '2026-11-24T00:00:00Z',
};

test('without a server there is one thing to do: start', async () => {
  const pages = await createPagesFixture();
  const text = await (await pages.get('/home')).text();
  expect(text).toMatch(/class="button big" href="\/hub\/spawn\/alice">Start</);
  expect(text).not.toContain('action="/hub/stop"');
});

test('a running server can be opened and stopped', async () => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase: 'ready', startedAt: '2026-11-24T11:00:00Z' });
  const text = await (await pages.get('/home')).text();
  expect(text).toMatch(/href="\/user\/alice\/" rel="noopener">Open</);
  expect(text).toContain('action="/hub/stop"');
  expect(text).toContain('<time datetime="2026-11-24T11:00:00Z">');
});

test.each([
  ['queued', 'See progress'],
  ['starting', 'Cancel'],
  ['stopping', 'See progress'],
  ['unknown', 'cannot tell right now'],
] as const)('a server that is %s says "%s"', async (phase, words) => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase });
  expect(await (await pages.get('/home')).text()).toContain(words);
});

test('a start that failed says why, and where to read more', async () => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase: 'failed', failure });
  const text = await (await pages.get('/home')).text();
  expect(text).toContain('The command was not found');
  expect(text).toContain('href="/hub/spawn-pending/alice"');
});

test('one sees one’s own servers only, and those shared with oneself or a group of one’s own', async () => {
  const pages = await createPagesFixture();
  pages.servers.become({ owner: 'bob', name: '' }, { phase: 'ready' });
  pages.servers.become({ owner: 'carol', name: '' }, { phase: 'ready' });
  pages.servers.become({ owner: 'alice', name: 'nowcast' }, { phase: 'ready' });
  const share = { server: '', level: 'read' as const, expiresAt: null, note: '', createdAt: '2026-11-24T00:00:00Z' };
  pages.store.edit((draft) => {
    draft.shares = {
      a: { ...share, id: 'a', owner: 'bob', grantee: { kind: 'group', name: 'system:wx' } },
      b: { ...share, id: 'b', owner: 'bob', grantee: { kind: 'user', name: 'alice' }, level: 'control' },
      c: { ...share, id: 'c', owner: 'carol', grantee: { kind: 'user', name: 'dave' } },
      d: {
        ...share,
        id: 'd',
        owner: 'erin',
        grantee: { kind: 'user', name: 'alice' },
        expiresAt: '2026-11-24T11:59:59Z',
      },
    };
  });
  const text = await (await pages.get('/home')).text();
  expect(text.match(/bob&#39;s Cylc server/g)).toHaveLength(1);
  expect(text).toContain('look and act');
  expect(text).toContain('nowcast');
  expect(text).not.toMatch(/carol|erin/);
});

test('announcements are shown within their time, the gravest first', async () => {
  const pages = await createPagesFixture();
  pages.store.edit((draft) => {
    draft.announcements = {
      a: { id: 'a', text: 'Lunch', level: 'info', from: null, until: null },
      b: { id: 'b', text: 'Fire', level: 'danger', from: '2026-11-24T11:00:00Z', until: '2026-11-24T13:00:00Z' },
      c: { id: 'c', text: 'Past', level: 'info', from: null, until: '2026-11-24T11:00:00Z' },
      d: { id: 'd', text: 'Future', level: 'info', from: '2026-11-25T00:00:00Z', until: null },
    };
  });
  const text = await (await pages.get('/home')).text();
  expect(text.indexOf('Fire')).toBeLessThan(text.indexOf('Lunch'));
  expect(text).not.toMatch(/Past|Future/);
});

test('nothing that people or programs wrote becomes markup', async () => {
  const evil = `<script>alert(1)</script>"'&`;
  const pages = await createPagesFixture({ displayName: evil, standIn: { reason: evil, advice: evil, command: evil } });
  pages.servers.become(alice, { phase: 'failed', failure: { ...failure, reason: evil, logTail: evil, command: evil } });
  pages.store.edit((draft) => {
    draft.announcements['a'] = { id: 'a', text: evil, level: 'info', from: null, until: null };
  });
  for (const path of ['/home', '/spawn-pending/alice', '/spawn/alice?workflow=%3Cscript%3Ealert(1)%3C/script%3E%22']) {
    const text = await (await pages.get(path)).text();
    expect(text).toContain('&lt;script&gt;');
    expect(text.replace(/<script src="[^"]*" defer=""><\/script>/, '')).not.toContain('<script');
    expect(text).not.toMatch(/="[^"]*<script/);
  }
});

test('jobs that never reported are named with what they wrote, to their owner alone, while the real server runs', async () => {
  const pages = await createPagesFixture();
  pages.servers.silent.push({ id: 'tiny//1/first/01', error: 'job.sh: line 111: cylc: command <not> found' });
  expect(await (await pages.get('/home')).text()).not.toContain('tiny//1/first/01');
  pages.servers.become(alice, { phase: 'ready', program: 'cylc' });
  const text = await (await pages.get('/home')).text();
  expect(text).toContain('<code>tiny//1/first/01</code>: job.sh: line 111: cylc: command &lt;not&gt; found');
  expect(await (await pages.get('/home', { account: 'bob' })).text()).not.toContain('tiny//1/first/01');
});

test('what a server says of itself is shown to its owner', async () => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase: 'ready', notice: 'Nobody but you has access: <limits> are not known.' });
  expect(await (await pages.get('/home')).text()).toContain('Nobody but you has access: &lt;limits&gt; are not known.');
});
