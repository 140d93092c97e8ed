import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createServersWorld, runs } from '../helpers/serversWorld.ts';
import type { ServersWorld } from '../helpers/serversWorld.ts';
import { until } from '../helpers/until.ts';

let world: ServersWorld;
beforeEach(async () => {
  world = await createServersWorld();
});
afterEach(() => world.close());

const recordId = (): string => `${world.key.owner}/`;
const edit = (change: Record<string, unknown>): Promise<void> =>
  world.store.state.update((draft) => void Object.assign(draft.servers[recordId()] ?? {}, change));

test('a restarted gateway finds its servers again, with their routes', async () => {
  await world.start();
  const before = await world.became('ready');
  await world.restart();
  expect(world.servers.get(world.key)).toMatchObject({ phase: 'ready', pid: before.pid });
  expect([...world.routes.routes()]).toMatchObject([{ prefix: before.prefix }]);
  expect((await world.events()).at(-1)).toMatchObject({ ready: true });
});

test('a start goes on after a restart in its middle', async () => {
  await world.start('late:1500');
  const pid = await until(() => world.servers.get(world.key)?.pid);
  await world.restart();
  expect(world.servers.get(world.key)?.phase).toBe('starting');
  expect((await world.became('ready')).pid).toBe(pid);
});

test('a server that called the Hub just before the gateway was killed is ready soon after', async () => {
  world.hub.contacted = false;
  await world.start();
  const pid = await until(() => world.servers.get(world.key)?.pid);
  await world.restart();
  expect((await world.became('ready', world.key, 10_000)).pid).toBe(pid);
});

test('a server launched but not yet recorded is found by its start file', async () => {
  await world.start();
  const { pid } = await world.became('ready');
  await edit({ phase: 'starting', handle: null });
  await world.restart();
  expect((await world.became('ready')).pid).toBe(pid);
});

test('a start that was never launched fails at once', async () => {
  await world.start();
  const { pid } = await world.became('ready');
  await world.servers.stop(world.key, { by: 'test' });
  const runFile = `${world.folder}/run/starts/0123456789abcdef`;
  await edit({ phase: 'starting', runFile });
  await world.restart();
  expect(world.servers.get(world.key)).toMatchObject({ phase: 'failed', pid: null });
  expect(await runs(pid as number)).toBe(false);
});

test('a server that ended while the gateway was away is told as failed', async () => {
  await world.start();
  const { pid } = await world.became('ready');
  await world.servers.close();
  process.kill(pid as number, 'SIGKILL');
  await until(async () => !(await runs(pid as number)));
  await world.restart();
  await world.became('failed');
});

test('a pid that another process got is neither taken for the server nor killed', async () => {
  await world.start();
  const { pid } = await world.became('ready');
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  const stranger = { pid: process.pid, startTime: '1', bootId };
  const { runFile } = world.store.state.data.servers[recordId()] ?? {};
  await world.servers.close();
  await edit({ handle: { kind: 'process', process: stranger, runFile: `${runFile}x` } });
  await world.restart();
  expect(await world.became('failed')).toMatchObject({ pid: null });
  expect(await runs(process.pid)).toBe(true);
  await until(async () => !(await runs(pid as number)));
});

test('a record of an earlier boot is not taken for a process of this one', async () => {
  await world.start();
  const { pid } = await world.became('ready');
  const handle = structuredClone(world.store.state.data.servers[recordId()]?.handle) as { process: { bootId: string } };
  handle.process.bootId = 'another';
  await edit({ handle });
  await world.became('failed');
  // Found by its socket: a server that nobody could reach any more.
  await until(async () => !(await runs(pid as number)));
});

test('a stop that was under way is finished after a restart', async () => {
  await world.start();
  const { pid } = await world.became('ready');
  await world.servers.close();
  await edit({ phase: 'stopping' });
  await world.restart();
  await world.became('stopped');
  expect(await runs(pid as number)).toBe(false);
});

test('an admin stops and starts a server by editing the file', async () => {
  await world.start();
  await world.became('ready');
  world.store.edit((draft) => void (draft.servers[recordId()] = { desired: 'down' }));
  await world.became('stopped');
  world.store.edit((draft) => void (draft.servers[recordId()] = { desired: 'up' }));
  await world.became('ready');
  await world.servers.stop(world.key, { by: 'test' });
  await world.restart();
  expect(world.servers.get(world.key)?.phase).toBe('stopped');
});
