import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'undici';
import { expect, test } from 'vitest';
import { listenForServers } from '../../src/hub/listener.ts';
import { createUrls } from '../../src/urls.ts';

test('a client that names the socket as its host, as aiohttp does, is answered', async () => {
  const runtimeDir = await mkdtemp(join(tmpdir(), 'gw-hub-'));
  const fetch = (request: Request) => new Response(new URL(request.url).pathname);
  const listener = await listenForServers({ fetch, runtimeDir, urls: createUrls('http://localhost:8000') });
  const client = new Client('http://localhost', { socketPath: join(runtimeDir, 'hub.sock') });
  const host = encodeURIComponent(join(runtimeDir, 'hub.sock'));
  const answer = await client.request({ method: 'GET', path: '/hub/api', headers: { host } });
  expect([answer.statusCode, await answer.body.text()]).toEqual([200, '/hub/api']);
  await client.close();
  await listener.close();
  await rm(runtimeDir, { recursive: true });
});
