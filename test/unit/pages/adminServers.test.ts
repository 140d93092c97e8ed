import { expect, test } from 'vitest';
import { createPagesFixture } from '../../helpers/pagesFixture.ts';

const alice = { owner: 'alice', name: '' };
const soon = { at: '2026-11-24T12:05:00.000Z', why: 'idle' as const, soon: true };

test('an admin sees what runs and stops all of it; others are refused', async () => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase: 'ready' });
  pages.servers.become({ owner: 'bob', name: 'night' }, { phase: 'starting' });
  expect((await pages.get('/admin/servers')).status).toBe(403);
  const text = await (await pages.get('/admin/servers', { account: 'root' })).text();
  for (const words of ['2 servers run', '>alice<', 'bob / night', 'Stop all servers']) expect(text).toContain(words);
  expect((await pages.post('/admin/servers/stop-all', { sure: 'on' })).status).toBe(403);
  pages.servers.stopAll({ by: 'root' });
  const after = await (await pages.get('/admin/servers', { account: 'root' })).text();
  expect(after).toContain('2 of 2 stopped, asked by root.');
});

test('the owner is warned before an idle server is stopped, and may keep it', async () => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase: 'ready', plannedStop: soon });
  const text = await (await pages.get('/home')).text();
  expect(text).toContain('Unless you use it, it will be stopped at');
  expect((await pages.post('/keep', { owner: 'alice', server: '', hours: '5' })).status).toBe(400);
  expect((await pages.post('/keep', { owner: 'bob', server: '', hours: '4' })).status).toBe(403);
  expect((await pages.post('/keep', { owner: 'alice', server: '', hours: '4' })).status).toBe(303);
  expect(pages.servers.get(alice)?.keepUntil).toBe('2026-11-24T16:00:00.000Z');
});

test('a server that the rules have stopped says so', async () => {
  const pages = await createPagesFixture();
  pages.servers.become(alice, { phase: 'stopped', stopReason: 'It was stopped because of the rules.' });
  expect(await (await pages.get('/home')).text()).toContain('It was stopped because of the rules.');
});
