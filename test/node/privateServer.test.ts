import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { loadPeerCredentials } from '../../src/listen/peerCredentials.ts';
import { boundPrivateServer } from '../../src/listen/privateServer.ts';
import { describeWith } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';

/** One account that opens all the connections it can to a listener of the gateway's own (S10). */
describeWith(['root', 'python'], 'connections of one account', () => {
  let [alice, bob]: SystemAccount[] = [];
  const dir = shortFolder('private');
  let server: Server;
  const held: ChildProcess[] = [];

  beforeAll(() => {
    [alice, bob] = [makeSystemAccount(), makeSystemAccount()];
  });
  afterEach(async () => {
    for (const child of held.splice(0)) child.kill('SIGKILL');
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  afterAll(() => {
    for (const account of [alice, bob]) account?.remove();
    rmSync(dir, { recursive: true });
  });

  /** Opens `count` connections as that account and holds them; prints how many are still open, every half second. */
  const script = `
import socket, sys, time, select
unix = sys.argv[1].startswith('/')
held = []
for _ in range(int(sys.argv[2])):
    s = socket.socket(socket.AF_UNIX if unix else socket.AF_INET)
    try:
        s.connect(sys.argv[1] if unix else ('127.0.0.1', int(sys.argv[1])))
    except OSError:
        continue
    held.append(s)
while True:
    time.sleep(0.5)
    poller = select.poll()
    for s in held:
        poller.register(s, select.POLLIN)
    gone = {fd for fd, _ in poller.poll(0)}
    held = [s for s in held if s.fileno() not in gone]
    print(len(held), flush=True)
`;
  function hold(account: SystemAccount, at: string, count: number): { open(): number } {
    const { uid, gid } = account;
    const child = spawn('python3', ['-I', '-c', script, at, String(count)], {
      uid,
      gid,
      cwd: '/',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    held.push(child);
    let last = -1;
    child.stdout.setEncoding('utf8').on('data', (text: string) => (last = Number(text.trim().split('\n').at(-1))));
    return { open: () => last };
  }

  const answers = (options: object): Promise<number> =>
    new Promise((resolve, reject) => {
      get({ ...options, path: '/', agent: false }, (answer) => resolve(answer.resume().statusCode!)).on(
        'error',
        reject,
      );
    });

  test('by a unix socket, end at 256, and another account still gets in', async () => {
    const peerOf = await loadPeerCredentials({ required: true });
    const path = join(dir, 'hub.sock');
    server = createServer((_, res) => res.end('ok')).listen(path);
    boundPrivateServer(server, { by: 'socket', peerOf }, undefined);
    await once(server, 'listening');
    chmodSync(path, 0o666);
    chmodSync(dir, 0o755);
    const greedy = hold(alice!, path, 600);
    await until(() => greedy.open() === 256, 20_000);
    const modest = hold(bob!, path, 20);
    await until(() => modest.open() === 20, 20_000);
    expect(await answers({ socketPath: path })).toBe(200);
  });

  test('by loopback, are brought down to 256, and another account keeps its own', async () => {
    server = createServer((_, res) => res.end('ok')).listen(0, '127.0.0.1');
    boundPrivateServer(server, { by: 'loopback' }, undefined);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const modest = hold(bob!, String(port), 20);
    await until(() => modest.open() === 20, 20_000);
    const greedy = hold(alice!, String(port), 600);
    await until(() => greedy.open() === 256, 20_000);
    expect(modest.open()).toBe(20);
    expect(await answers({ host: '127.0.0.1', port })).toBe(200);
  });
});

test('a client that never says what it wants is given up', async () => {
  const server = createServer({ connectionsCheckingInterval: 100 }, (_, res) => res.end('ok'));
  boundPrivateServer(server, { by: 'network' }, undefined);
  expect([server.headersTimeout, server.requestTimeout]).toEqual([20_000, 60_000]);
  expect(server.maxConnections).toBeGreaterThan(255);
  server.headersTimeout = 200;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const timedOut = once(server, 'clientError').then(([error]) => (error as NodeJS.ErrnoException).code);
  socket.on('error', () => undefined);
  server.on('clientError', (_, client) => client.destroy());
  expect(await timedOut).toBe('ERR_HTTP_REQUEST_TIMEOUT');
  socket.destroy();
  server.close();
});
