import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { alice, cookie, openHopWorld, plainAnswer, readAll, readUntil } from '../helpers/hopWorld.ts';
import type { HopWorld, HopWorldOptions, Received } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';

/** WebSockets, with the upstream's side written by hand. */
let world: HopWorld;
afterEach(() => world.close());

async function open(options: HopWorldOptions = {}): Promise<void> {
  world = await openHopWorld({ answer: agree, ...options });
}

function agree({ head, socket }: Received): void {
  const key = /Sec-WebSocket-Key: (\S+)/i.exec(head)![1]!;
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

const handshake = [
  'GET /user/alice/ws HTTP/1.1',
  'Host: h',
  `Cookie: ${cookie}; mine=1`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');

async function joined(): Promise<{ client: Socket; server: Socket; request: Received }> {
  const client = world.open(handshake);
  await readUntil(client, '\r\n\r\n');
  const request = world.received.at(-1)!;
  return { client, server: request.socket, request };
}

/** Code and reason with which a client of the ordinary kind sees its WebSocket close. */
async function closing(act: () => void): Promise<[number, string]> {
  const socket = new WebSocket(`ws://127.0.0.1:${world.port}/user/alice/ws`, { headers: { cookie } });
  const closed = new Promise<[number, string]>((resolve) =>
    socket.on('close', (code, reason) => resolve([code, String(reason)])),
  );
  await new Promise((resolve) => socket.on('open', resolve));
  act();
  return closed;
}

test('bytes pass both ways as they are; our cookie does not', async () => {
  await open();
  const { client, server, request } = await joined();
  expect(request.head).toMatch(/\r\nCookie: mine=1\r\n/);
  expect(request.head).not.toContain('cylc-gateway');
  client.write(Buffer.from('8182000000004142', 'hex'));
  await until(() => request.rest.length === 8);
  expect(request.rest.toString('hex')).toBe('8182000000004142');
  server.write(Buffer.from('81024142', 'hex'));
  expect(await readUntil(client, 'AB')).toBe('\u0081\u0002AB');
});

test('what a client sends before the upstream has agreed never reaches one that refuses', async () => {
  await open({
    answer: ({ socket }) => void socket.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-A: 1\r\n\r\nno'),
  });
  const got = await world.raw(`${handshake}GET /user/alice/secret HTTP/1.1\r\nHost: h\r\n\r\n`);
  expect(got).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n[^]*X-A: 1\r\n[^]*Connection: close\r\n[^]*no$/);
  expect(world.seen()).not.toContain('secret');
});

test.each([
  ['plain 200', plainAnswer, 200],
  ['chunked', 'HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n', 400],
  ['a switch to something else', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n', 502],
  ['no HTTP', 'hello\r\n\r\n', 502],
])('an upstream that does not agree (%s): its answer or ours, then the end', async (_, text, status) => {
  await open({ answer: ({ socket }) => void socket.write(text) });
  expect(await world.raw(handshake)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  await until(() => world.received[0]!.socket.destroyed);
});

test('an upstream that never answers the handshake: 504; one that is not there: 502', async () => {
  await open({ answer: () => undefined, config: { headersTimeoutS: 0.3 } });
  expect(await world.raw(handshake)).toMatch(/^HTTP\/1\.1 504/);
  expect(await world.raw(handshake.replace('alice', 'gone'))).toMatch(/^HTTP\/1\.1 502/);
  expect(world.logs).toMatchObject([
    { code: 'upstream.timeout', side: 'server', phase: 'answer to the upgrade', upgrade: true },
    { code: 'upstream.connect', side: 'server', phase: 'connect', upgrade: true },
  ]);
});

test.each([
  ['closes its side', (client: Socket) => void client.end()],
  ['says something, then closes its side', (client: Socket) => void client.end('early')],
  ['resets', (client: Socket) => void client.resetAndDestroy()],
  ['sends more than a handshake can have behind it', (client: Socket) => void client.write(Buffer.alloc(200_000))],
])('a client that %s while the upstream is silent frees the connection to it', async (_, leave) => {
  await open({ answer: () => undefined });
  const client = world.open(handshake);
  await until(() => world.received.length === 1);
  leave(client);
  await until(() => world.received[0]!.socket.destroyed);
  expect(world.received[0]!.rest.toString()).toBe('');
});

test('an upstream that goes on with interim answers to a handshake is given up', async () => {
  const interim = 'HTTP/1.1 103 Early Hints\r\n\r\n';
  await open({ answer: ({ socket }) => void socket.write(interim.repeat(50_000)) });
  expect(await world.raw(handshake)).toMatch(/^HTTP\/1\.1 502/);
  await until(() => world.received[0]!.socket.destroyed);
});

test('a client that vanished without a word is pinged, then given up; a quiet one that answers stays', async () => {
  await open({ config: { pingS: 0.5 } });
  const { client, server } = await joined();
  const socket = new WebSocket(`ws://127.0.0.1:${world.port}/user/alice/ws`, { headers: { cookie } });
  let pings = 0;
  socket.on('ping', () => (pings += 1));
  expect(await readAll(client)).toContain('\u0089\u0000');
  await until(() => server.destroyed);
  await until(() => pings >= 3);
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.terminate();
});

test('no ping is put into the middle of a frame', async () => {
  await open({ config: { pingS: 0.3 } });
  const { client, server } = await joined();
  server.write(Buffer.from('810441', 'hex'));
  await readUntil(client, 'A');
  const rest = readUntil(client, 'BCD');
  await new Promise((resolve) => setTimeout(resolve, 900));
  server.write('BCD');
  expect(await rest).toBe('BCD');
});

test('expiry, the end of a session, of the server and of the gateway close it with a code', async () => {
  const expiry = { at: 0 };
  // From when the handshake is read: how long it takes to get there is no matter.
  await open({ expiresAt: () => expiry.at || Date.now() + 500 });
  expect(await closing(() => undefined)).toEqual([4401, 'your sign-in has expired']);
  expiry.at = Date.now() + 60_000;
  const end = (code: number, reason: string) => () =>
    void world.hop.connections.closeWhere(({ target }) => target.name === alice.name, code, reason);
  expect(await closing(end(4403, 'share revoked'))).toEqual([4403, 'share revoked']);
  expect(await closing(() => void world.hop.close())).toEqual([1001, 'the gateway is going down']);
  await until(() => world.hop.connections.count() === 0);
});

test('a renewed sign-in prolongs what is open', async () => {
  const expiry = { at: 0 };
  await open({ expiresAt: () => expiry.at || Date.now() + 2000 });
  const { client } = await joined();
  expiry.at = Date.now() + 60_000;
  await world.raw(`GET /user/bob/ HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`);
  world.open(`GET /user/gone/ HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\n\r\n`);
  await new Promise((resolve) => setTimeout(resolve, 2600));
  expect(client.destroyed).toBe(false);
  expect(world.hop.connections.count()).toBe(1);
});

test('the upstream is told the code too, and frames after the close reach nobody', async () => {
  await open();
  const { client, server, request } = await joined();
  world.hop.connections.closeWhere(() => true, 4403, 'no');
  client.write(Buffer.from('8182000000004142', 'hex'));
  server.write(Buffer.from('81024142', 'hex'));
  expect(await readAll(client)).toBe('\u0088\u0004\u0011\u0033no');
  expect(request.rest.toString('hex')).toBe('88840000000011336e6f');
});

test('an upstream that dies ends the client, and a client that leaves the upstream', async () => {
  await open();
  const first = await joined();
  first.server.destroy();
  await readAll(first.client);
  const second = await joined();
  second.client.resetAndDestroy();
  await until(() => second.server.destroyed);
  const third = await joined();
  third.client.end();
  await until(() => third.server.destroyed);
  await until(() => world.hop.connections.count() === 0);
});
