import { expect, test } from 'vitest';
import { createServersWorld } from '../helpers/serversWorld.ts';
import { until } from '../helpers/until.ts';

test('a server that nobody uses is stopped and says why; one that is used or kept goes on', async () => {
  const world = await createServersWorld({ config: { idleTimeoutS: 2, cullWarningS: 0, keepAtMostS: 60 } });
  const named = (name: string) => ({ owner: world.key.owner, name });
  const using = setInterval(() => world.servers.touch(named('used')), 100);
  for (const key of [named('used'), named('kept'), world.key]) await world.start('good', key);
  await world.servers.keep(named('kept'), new Date(Date.now() + 50_000).toISOString());
  const { stopReason } = await world.became('stopped');
  expect(stopReason).toContain('nobody had used it');
  expect(world.servers.get(named('used'))?.phase).toBe('ready');
  expect(await world.became('ready', named('kept'))).toMatchObject({ plannedStop: { soon: false } });
  clearInterval(using);
  await world.servers.keep(named('kept'), null);
  await world.became('stopped', named('kept'));
  await world.start();
  expect(world.servers.get(world.key)?.stopReason).toBeUndefined();
  await world.close();
});

test('nobody keeps a server for longer than the site allows', async () => {
  const world = await createServersWorld({ config: { idleTimeoutS: 600, keepAtMostS: 60 } });
  await world.start();
  await world.became('ready');
  const later = new Date(Date.now() + 120_000).toISOString();
  await expect(world.servers.keep(world.key, later)).rejects.toMatchObject({ code: 'request.invalid' });
  await expect(world.servers.keep({ owner: 'x', name: '' }, null)).rejects.toMatchObject({ code: 'request.not-found' });
  await world.close();
});

test('all servers are stopped by one order, with its progress; what could not be stopped is named', async () => {
  const world = await createServersWorld();
  for (const name of ['', 'a', 'b']) await world.start('good', { owner: world.key.owner, name });
  await world.became('ready');
  const run = world.servers.stopAll({ by: 'test' });
  expect(run).toMatchObject({ total: 3, endedAt: null, by: 'test' });
  expect(world.servers.stopAll({ by: 'another' })).toBe(run);
  await until(() => world.servers.stopAllRun()?.endedAt);
  expect(run).toMatchObject({ stopped: 3, failed: [] });
  expect(world.servers.list().map(({ phase }) => phase)).toEqual(['stopped', 'stopped', 'stopped']);
  await world.close();
});
