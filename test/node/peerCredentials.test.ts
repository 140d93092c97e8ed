import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SetupError } from '../../src/errors.ts';
import { loadPeerCredentials } from '../../src/listen/peerCredentials.ts';
import type { PeerOf } from '../../src/listen/peerCredentials.ts';
import { describeWith } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';

const folder = shortFolder('peer');
const path = join(folder, 'a.sock');
const self = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
const servers: Server[] = [];
let peerOf: PeerOf;

beforeAll(async () => {
  const loaded = await loadPeerCredentials({ required: true });
  if (loaded === undefined) throw new Error('required, and yet not there');
  peerOf = loaded;
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => void server.close(resolve));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function listening(where: string | number): Promise<Server> {
  const server = createServer();
  servers.push(server);
  server.listen(where);
  await once(server, 'listening');
  if (typeof where === 'string') chmodSync(where, 0o666);
  return server;
}

async function accepted(server: Server): Promise<Socket> {
  const [socket] = (await once(server, 'connection')) as [Socket];
  return socket.resume();
}

test('both ends of a unix socket know each other', async () => {
  const server = await listening(path);
  const client = connect(path);
  const socket = await accepted(server);
  expect([peerOf(socket), peerOf(client)]).toEqual([self, self]);
  client.destroy();
  await once(socket, 'close');
  expect([peerOf(socket), peerOf(client)]).toEqual([undefined, undefined]);
});

test('a connection by TCP is of nobody', async () => {
  const server = await listening(0);
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  expect(peerOf(await accepted(server))).toBeUndefined();
  client.destroy();
});

describe('without the C library', () => {
  const missing = (): Promise<never> => Promise.reject(new Error('Cannot find the native module'));

  test('whoever requires it does not start, and reads why', async () => {
    const fault = await loadPeerCredentials({ required: true }, missing).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(SetupError);
    expect(fault).toMatchObject({
      message: 'Cannot read who connects to a unix socket (SO_PEERCRED): Cannot find the native module.',
      advice: expect.stringContaining('npm ci'),
      exitCode: 69,
    });
  });

  test('nobody else is told who anybody is', async () => {
    expect(await loadPeerCredentials({ required: false }, missing)).toBeUndefined();
  });
});

describeWith(['root', 'python'], 'another account', () => {
  let account: SystemAccount;
  beforeAll(() => {
    account = makeSystemAccount();
  });
  afterAll(() => account.remove());

  test('is known by its uid, also when what it connected is used by a process of root', async () => {
    const server = await listening(path);
    // Connects as the account and becomes root again: what counts is who connected.
    const script =
      `import os, socket, sys; os.setegid(${account.gid}); os.seteuid(${account.uid}); s = socket.socket(socket.AF_UNIX);` +
      `s.connect('${path}'); os.seteuid(0); sys.stdin.read()`;
    const child = spawn('python3', ['-I', '-c', script], { stdio: ['pipe', 'inherit', 'inherit'] });
    const socket = await accepted(server);
    expect(peerOf(socket)).toEqual({ pid: child.pid, uid: account.uid, gid: account.gid });
    child.stdin.end();
    await once(child, 'exit');
  });
});
