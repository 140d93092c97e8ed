import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import pino from 'pino';
import { limitConnections } from '../../src/listen/connectionLimits.ts';
import { cookie, openHopWorld, plainAnswer, readAll, readUntil } from '../helpers/hopWorld.ts';
import type { HopWorld, HopWorldOptions, Received } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';

/** People who take all they can get, or take forever: they are cut or queued, and nobody else notices. */
let world: HopWorld;
afterEach(() => world.close());

async function open(answer: (request: Received) => void, options: HopWorldOptions = {}): Promise<void> {
  world = await openHopWorld({ answer, ...options });
}

const ask = (first: string, ...headers: string[]): string =>
  [`${first} HTTP/1.1`, 'Host: h', `Cookie: ${cookie}`, ...headers, '', ''].join('\r\n');
const get = ask('GET /user/alice/x');
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const handshake = ask('GET /user/alice/ws', ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');

function feed({ head, socket }: Received): void {
  const isUpgrade = head.includes('/ws ');
  socket.write(
    isUpgrade ? 'HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n' : 'HTTP/1.1 200 OK\r\n\r\n',
  );
  const piece = Buffer.alloc(65_536, 'x');
  const more = (): void => {
    while (!socket.writableNeedDrain && !socket.destroyed) socket.write(piece);
  };
  socket.on('drain', more);
  more();
}

test.each([
  ['an answer in the lane', get],
  ['an answer by Node', get.replace('\r\n\r\n', '\r\nTE: trailers\r\n\r\n')],
  ['a WebSocket', handshake],
])('who takes nothing of %s is cut off, with its connection to the server', async (_, request) => {
  await open(feed, { config: { clientReadIdleS: 0.5 } });
  const reader = world.open(request).pause();
  await until(() => world.received.length === 1);
  await until(() => world.received[0]!.socket.destroyed && world.hop.connections.count() === 0);
  reader.destroy();
});

test.each([
  ['in the lane', get],
  ['by Node', get.replace('\r\n\r\n', '\r\nTE: trailers\r\n\r\n')],
])('who reads slowly %s is not, nor is a stream that has nothing to say', async (_, request) => {
  let answered: Received | undefined;
  await open(
    (one) => {
      answered = one;
      feed(one);
    },
    { config: { clientReadIdleS: 1 } },
  );
  const reader = world.open(request);
  reader.pause();
  for (let i = 0; i < 6; i += 1) {
    // As much as it takes for the kernel to tell the other side
    for (let read = 0; read < 8 * 2 ** 20;) read += ((await once(reader.resume(), 'data')) as [Buffer])[0].length;
    reader.pause();
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  expect(answered!.socket.destroyed).toBe(false);
  answered!.socket.removeAllListeners('drain');
  reader.resume();
  await new Promise((resolve) => setTimeout(resolve, 2500));
  answered!.socket.write('the end');
  await readUntil(reader, 'the end');
});

test('who holds all connections to a server keeps nobody else from it', async () => {
  await open(({ head, socket }) => void (head.includes('/hold') || socket.write(plainAnswer)), {
    config: { connectionsPerServer: 8 },
    accountOf: (header) => (header.includes('who=bob') ? 'bob' : 'alice'),
  });
  const as = (who: string, path: string): string =>
    get.replace('/x', `/${path}`).replace(cookie, `${cookie}; who=${who}`);
  for (let i = 0; i < 30; i += 1) world.open(as('bob', 'hold'));
  await until(() => world.received.length === 8);
  const answers = await Promise.all(
    [1, 2, 3, 4, 5].map(() => world.raw(as('alice', 'x').replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))),
  );
  for (const got of answers) expect(got).toMatch(/^HTTP\/1\.1 200/);
  expect(world.received.filter(({ head }) => head.includes('/hold')).length).toBe(8);
});

test('connections beyond those of all, and of one address, are closed as they come; those there are served', async () => {
  await open(({ socket }) => void socket.write(plainAnswer));
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const fromElsewhere = ({ remoteAddress }: Socket): string | undefined =>
    remoteAddress === '127.0.0.9' ? undefined : remoteAddress;
  const names = { inAll: 'in all', perPeer: 'of one' };
  limitConnections(world.door, { inAll: 5, perPeer: 3, peerOf: fromElsewhere, names }, log);
  const from = (localAddress: string): Socket =>
    connect({ port: world.port, host: '127.0.0.1', localAddress }).on('error', () => undefined);
  const first = [1, 2, 3].map(() => from('127.0.0.2'));
  for (const socket of first) socket.write(get);
  await Promise.all(first.map((socket) => readUntil(socket, 'hello')));
  expect(await readAll(from('127.0.0.2'))).toBe('');
  const trusted = [1, 2].map(() => from('127.0.0.9'));
  for (const socket of trusted) socket.write(get);
  await Promise.all(trusted.map((socket) => readUntil(socket, 'hello')));
  expect(await readAll(from('127.0.0.3'))).toBe('');
  first[0]!.write(get);
  await readUntil(first[0]!, 'hello');
  first[1]!.destroy();
  await until(async () => {
    const again = from('127.0.0.2');
    again.write(get);
    return readUntil(again, 'hello').catch(() => undefined);
  });
  expect(lines.length).toBe(1);
  for (const socket of [...first, ...trusted]) socket.destroy();
});
