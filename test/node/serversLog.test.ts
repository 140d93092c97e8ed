import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { createApiWorld } from '../helpers/apiWorld.ts';
import { createServersWorld, ownAccount } from '../helpers/serversWorld.ts';
import { until } from '../helpers/until.ts';

test('the log of a running server is followed as it grows, without secrets, to the end of the server', async () => {
  const world = await createServersWorld();
  await world.start('chatty');
  await world.became('ready');
  let text = '';
  const ended = (async () => {
    for await (const piece of world.servers.followLog(world.key, { lines: 100 })) text += piece;
  })();
  await until(
    () => /line 4 /.test(text),
    60_000,
    () => text,
  );
  expect(text).toMatch(/^small server chatty/);
  expect(text).not.toContain('very-secret-token');
  expect(
    text
      .split('\n')
      .slice(0, -1)
      .every((line) => line.endsWith('[removed]')),
  ).toBe(true);
  await world.servers.stop(world.key, { by: 'test' });
  await ended;
  await world.close();
});

test('who follows is let go when it leaves, and a new start goes on in its own log', async () => {
  const world = await createServersWorld();
  await world.start('chatty');
  await world.became('ready');
  const left = new AbortController();
  const following = (async () => {
    for await (const _ of world.servers.followLog(world.key, { lines: 0, signal: left.signal })) left.abort();
  })();
  await following;
  let text = '';
  const both = (async () => {
    for await (const piece of world.servers.followLog(world.key, { lines: 1 })) text += piece;
  })();
  const stopped = world.servers.stop(world.key, { by: 'test' });
  await world.start('good');
  await stopped;
  await until(
    () => text.includes('small server good'),
    60_000,
    () => text,
  );
  await world.servers.stop(world.key, { by: 'test' });
  await both;
  await world.close();
});

test('the API gives the log to whoever may run the server, whole or followed, and to nobody else', async () => {
  const { name } = ownAccount();
  const world = await createApiWorld({
    people: [name, 'bob'],
    services: [
      { name: 'admin', scopes: ['servers', 'list:users', 'read:users'] },
      { name: 'culler', scopes: ['delete:servers', 'list:users'] },
    ],
  });
  const get = (path: string, as = 'admin') =>
    fetch(`${world.origin}/hub/api/users/${name}/${path}`, {
      headers: { authorization: `token ${world.service(as)}` },
    });
  expect((await get('server/log')).status).toBe(404);
  await world.servers.start({ key: { owner: name, name: '' }, options: {}, by: name });
  await until(
    () => world.servers.list()[0]?.phase === 'ready',
    60_000,
    () => JSON.stringify(world.servers.list()),
  );
  const { logFile } = world.store.state.data.servers[`${name}/`] ?? {};
  await mkdir(dirname(logFile ?? ''), { recursive: true });
  await appendFile(logFile ?? '', 'one\ntwo\nthree\n');
  expect(await (await get('server/log?lines=2')).text()).toBe('two\nthree\n');
  expect([403, 404]).toContain((await get('server/log', 'culler')).status);
  expect((await get('server/log?lines=x')).status).toBe(400);
  const followed = await get('servers//log?lines=1&follow=true');
  expect(followed.headers.get('content-type')).toContain('text/plain');
  const pieces = (followed.body as ReadableStream<BufferSource>).pipeThrough(new TextDecoderStream()).getReader();
  expect((await pieces.read()).value).toBe('three\n');
  await appendFile(logFile ?? '', 'four\n');
  expect((await pieces.read()).value).toBe('four\n');
  await world.servers.stop({ owner: name, name: '' }, { by: name });
  expect((await pieces.read()).done).toBe(true);
  await world.close();
});

test('the API says why a server has failed, to whoever may start it and to nobody else', async () => {
  const { name } = ownAccount();
  const world = await createApiWorld({
    people: [name],
    services: [
      { name: 'admin', scopes: ['servers', 'read:servers'] },
      { name: 'reader', scopes: ['read:servers'] },
    ],
  });
  await world.servers.start({ key: { owner: name, name: '' }, options: {}, by: name });
  await until(() => world.servers.list()[0]?.phase === 'ready');
  const failure = {
    reason: 'It ended.',
    code: 'spawn.failed',
    exitCode: 3,
    signal: null,
    logTail: 'the moon is full',
    command: 'cylc hubapp',
    at: '2026-01-01T00:00:00.000Z',
  };
  await world.servers.stop({ owner: name, name: '' }, { by: name });
  await world.store.state.update(
    (draft) => void Object.assign(draft.servers[`${name}/`] ?? {}, { phase: 'failed', failure }),
  );
  const ask = async (as: string) => {
    const path = `${world.origin}/hub/api/users/${name}?include_stopped_servers=true`;
    const answer = await fetch(path, { headers: { authorization: `token ${world.service(as)}` } });
    return ((await answer.json()) as { servers: Record<string, Record<string, unknown>> }).servers[''];
  };
  expect((await ask('admin'))?.['failure']).toEqual({
    reason: 'It ended.',
    code: 'spawn.failed',
    exit_code: 3,
    signal: null,
    command: 'cylc hubapp',
    log_tail: 'the moon is full',
    at: failure.at,
  });
  expect(await ask('reader')).toMatchObject({ stopped: true });
  expect(await ask('reader')).not.toHaveProperty('failure');
  await world.close();
});
