import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listenForServers } from '../../src/hub/listener.ts';
import { loadPeerCredentials } from '../../src/listen/peerCredentials.ts';
import { createUrls } from '../../src/urls.ts';
import { createHubWorld, makeAccount } from '../helpers/hubWorld.ts';
import type { HubWorld } from '../helpers/hubWorld.ts';
import { startDance } from '../helpers/oauthDance.ts';
import { describeWith } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';

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

describeWith(['root', 'python'], "a server's own token at the Hub's socket", () => {
  let alice: SystemAccount;
  let bob: SystemAccount;
  let world: HubWorld;
  let token: string;
  let visitor: string;

  beforeAll(async () => {
    [alice, bob] = [makeSystemAccount(), makeSystemAccount()];
    const peerOf = await loadPeerCredentials({ required: true });
    const people = [makeAccount('alice', { uid: alice.uid }), makeAccount('bob', { uid: bob.uid })];
    world = await createHubWorld({ people, runtimeDir: shortFolder('peers'), peerOf, loopback: true });
    const dance = await startDance(world);
    token = dance.env['JUPYTERHUB_API_TOKEN'] ?? '';
    visitor = (await world.hub.tokenOffice.make({ owner: 'bob', note: '', scopes: undefined, lifetimeS: 60 })).token;
  });
  afterAll(async () => {
    await world.close();
    for (const account of [alice, bob]) account.remove();
  });

  const script =
    'import http.client,socket,sys\n' +
    'c = http.client.HTTPConnection("hub")\nc.sock = socket.socket(socket.AF_UNIX)\nc.sock.connect(sys.argv[1])\n' +
    'for path in sys.argv[3:]:\n' +
    '    c.request("GET", path, headers={"Authorization": "token " + sys.argv[2]})\n' +
    '    answer = c.getresponse()\n    answer.read()\n    print(answer.status)';
  async function statuses(uid: number, gid: number, bearer: string): Promise<string[]> {
    const command = ['-I', '-c', script, join(world.runtimeDir, 'hub.sock'), bearer, '/hub/api/user', '/hub/api/'];
    const { stdout } = await promisify(execFile)('python3', command, { uid, gid, cwd: '/' });
    return stdout.trim().split('\n');
  }

  test('is taken from a process of its owner', async () => {
    expect(await statuses(alice.uid, alice.gid, token)).toEqual(['200', '200']);
  });

  test('and from nobody else, root included', async () => {
    expect(await statuses(bob.uid, bob.gid, token)).toEqual(['403', '403']);
    expect(await statuses(0, 0, token)).toEqual(['403', '403']);
  });

  test('people’s own tokens are looked up for whatever server asks', async () => {
    expect(await statuses(alice.uid, alice.gid, visitor)).toEqual(['200', '200']);
  });

  test('nor by TCP, where nobody can tell who asks', async () => {
    const { JUPYTERHUB_API_URL: url = '' } = await world.hub.contract.prepareService({
      name: 'report',
      apiToken: undefined,
      prefix: '',
      url: '',
    });
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/hub\/api$/);
    const ask = (bearer: string) => fetch(`${url}/user`, { headers: { authorization: `token ${bearer}` } });
    expect((await ask(token)).status).toBe(403);
    expect((await ask(visitor)).status).toBe(200);
  });
});
