/** A real JupyterHub 6 with `cylc-gateway proxy` in the place of configurable-http-proxy, and a real Cylc UI server. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { proxyToken, startJupyterHub } from '../helpers/jupyterHub.ts';
import type { HubProcess } from '../helpers/jupyterHub.ts';
import { describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

describeWith(['cylc'], 'a JupyterHub on cylc-gateway proxy', () => {
  const dir = mkdtempSync(join(tmpdir(), 'hub-'));
  let hub: HubProcess;
  let alice: Visitor;

  beforeAll(async () => {
    hub = await startJupyterHub(dir);
    alice = new Visitor(hub.origin);
  });
  afterAll(async () => {
    await hub.api('/users/alice/server', 'DELETE');
    await hub.end();
    rmSync(dir, { recursive: true, force: true });
  });

  type Routes = Record<string, { target: string; user?: string; last_activity: string }>;
  const routes = async (): Promise<Routes> =>
    (await fetch(hub.proxyApi, { headers: { authorization: `token ${proxyToken}` } })).json() as Promise<Routes>;
  const proxyPid = (): number => Number(readFileSync(join(dir, 'proxy.pid'), 'utf8'));
  const userInfo = async (): Promise<number> => (await alice.get('/user/alice/cylc/userprofile')).status;

  test('signs in, spawns, and opens the page of the UI server', async () => {
    const page = await alice.get('/hub/login');
    await alice.submit(page, { username: 'alice', password: 'any' });
    await alice.get('/hub/spawn');
    await until(
      async () => (await alice.get('/hub/spawn-pending/alice')).url.includes('/user/alice/'),
      120_000,
      () => hub.output(),
    );
    expect((await alice.get('/user/alice/cylc/')).body).toContain('<title>Cylc');
    expect(await userInfo()).toBe(200);
    expect(await routes()).toMatchObject({ '/': {}, '/user/alice': { user: 'alice', jupyterhub: true } });
  });

  test('carries the GraphQL subscription over a WebSocket, and notes the activity', async () => {
    const before = (await routes())['/user/alice']!.last_activity;
    const socket = alice.websocket('/user/alice/cylc/subscriptions', ['graphql-ws']);
    const answers: string[] = [];
    socket.on('message', (data: Buffer) => answers.push(data.toString()));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.send(JSON.stringify({ type: 'connection_init' }));
    await until(() => answers.some((text) => text.includes('connection_ack')));
    socket.terminate();
    expect((await routes())['/user/alice']!.last_activity > before).toBe(true);
  });

  test('is started again by the Hub when it dies, with its routes', async () => {
    const pid = proxyPid();
    process.kill(pid, 'SIGKILL');
    await until(
      async () => (await routes().catch((): Routes => ({})))['/user/alice'],
      60_000,
      () => hub.output(),
    );
    expect(proxyPid()).not.toBe(pid);
    expect(await userInfo()).toBe(200);
  });

  test('a stopped server is the Hub’s page again', async () => {
    expect((await hub.api('/users/alice/server', 'DELETE')).status).toBeLessThan(300);
    await until(async () => !('/user/alice' in (await routes())));
    const answer = await alice.get('/user/alice/cylc/');
    expect(answer.url).toContain('/hub/user/alice/');
    expect(answer.body).toContain('Server not running');
  });
});
