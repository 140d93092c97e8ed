import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectSocket, ownerOfSocket } from '../../src/listen/accountSocket.ts';
import { answersAt } from '../../src/servers/readiness.ts';
import { forgetPermissions } from '../../src/shares/forgetPermissions.ts';
import { cookie, openHopWorld } from '../helpers/hopWorld.ts';
import { describeWith } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';

test('the owner of a socket is the one whose folder it is in', () => {
  expect(ownerOfSocket('/run/cylc-gateway/1000/0123abcd.sock')).toBe(1000);
  expect(ownerOfSocket('/run/results.sock')).toBeUndefined();
});

const answering = `
import http.server, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204); self.end_headers()
    do_POST = do_GET
    def address_string(self): return "-"
    def log_message(self, *words): pass
class Server(socketserver.UnixStreamServer): pass
Server(sys.argv[1], Handler).serve_forever()
`;

describeWith(['root', 'python'], 'a socket in the folder of an account', () => {
  const folder = shortFolder('cg-own');
  let account: SystemAccount;
  let home: string;
  let path: string;
  /** Another's, such as the control socket: nobody may be led to it. */
  let foreign: Server;
  const foreignPath = join(folder, 'control.sock');
  const heard: Buffer[] = [];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    account = makeSystemAccount();
    chmodSync(folder, 0o711);
    home = join(folder, String(account.uid));
    path = join(home, 'a.sock');
    foreign = createServer((socket) => {
      heard.push(Buffer.from('connected'));
      socket.on('data', (data) => void heard.push(data)).on('error', () => {});
    });
    foreign.listen(foreignPath);
    await once(foreign, 'listening');
  });
  beforeEach(() => {
    mkdirSync(home, { mode: 0o700 });
    chownSync(home, account.uid, account.gid);
    heard.length = 0;
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(home, { recursive: true });
  });
  afterAll(() => {
    foreign.close();
    account.remove();
    rmSync(folder, { recursive: true });
  });

  const listenAs = async ({ uid, gid }: { uid: number; gid: number }, at: string): Promise<void> => {
    const as = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--'];
    children.push(spawn('setpriv', [...as, '/usr/bin/python3', '-c', answering, at], { stdio: 'ignore' }));
    await until(() => answersAt({ kind: 'unix', path: at }, '/', 1000));
  };
  const goodServer = () => listenAs(account, path);

  const attacks: Readonly<Record<string, () => unknown>> = {
    'a link to a socket of root': () => symlinkSync(foreignPath, path),
    'a link to a link': () => {
      symlinkSync(foreignPath, join(home, 'b'));
      symlinkSync('b', path);
    },
    'another name of a socket of root': () => linkSync(foreignPath, path),
    'a socket of root that was moved there': async () => {
      const at = join(folder, 'moved.sock');
      const server = createServer(
        (socket) => void socket.on('error', () => {}).on('data', (data) => void heard.push(data)),
      );
      server.listen(at);
      await once(server, 'listening');
      renameSync(at, path);
      chownSync(path, account.uid, account.gid);
      server.unref();
    },
    'a file': () => {
      writeFileSync(path, '');
      chownSync(path, account.uid, account.gid);
    },
    nothing: () => {},
  };

  test('is connected to where it is that account’s, and its process listens', async () => {
    await goodServer();
    expect(await answersAt({ kind: 'unix', path }, '/', 5000)).toBe(true);
    expect(await forgetPermissions({ kind: 'unix', path }, '/')).toBe(true);
    const world = await openHopWorld({ goneSocket: path });
    expect(await statusOf(world.port, {})).toMatchObject({ status: 204 });
    await world.close();
  });

  test.each(Object.keys(attacks))('leads nowhere where it is %s', async (name) => {
    await attacks[name]!();
    expect(await answersAt({ kind: 'unix', path }, '/', 5000)).toBe(false);
    expect(await forgetPermissions({ kind: 'unix', path }, '/')).toBe(false);
    const socket = connectSocket(path);
    socket.write('secret');
    await expect(once(socket, 'close')).rejects.toThrow(name === 'nothing' ? /ENOENT/ : /not its account's|ELOOP/);
    const world = await openHopWorld({ goneSocket: path });
    const upgrade = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      origin: 'http://localhost:8000',
    };
    for (const headers of [{}, upgrade]) {
      const { status, body } = await statusOf(world.port, headers);
      expect(status).toBe(502);
      expect(body).not.toContain(path);
    }
    await world.close();
    expect(Buffer.concat(heard).toString()).toBe('');
  });

  test('leaves no descriptor open', async () => {
    await goodServer();
    const count = (): number => readdirSync('/proc/self/fd').length;
    await answersAt({ kind: 'unix', path }, '/', 5000);
    const before = count();
    for (let index = 0; index < 20; index += 1) await answersAt({ kind: 'unix', path }, '/', 5000);
    rmSync(path);
    for (let index = 0; index < 20; index += 1) await answersAt({ kind: 'unix', path }, '/', 5000);
    expect(await until(() => count() <= before)).toBe(true);
  });
});

async function statusOf(
  port: number,
  headers: Record<string, string>,
): Promise<{ status: number | undefined; body: string }> {
  const asked = request({
    port,
    host: '127.0.0.1',
    path: '/user/gone/',
    agent: false,
    headers: { cookie, ...headers },
  }).end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}
