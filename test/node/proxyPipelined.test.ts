import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { cookie, openHopWorld, plainAnswer, readAll, readUntil } from '../helpers/hopWorld.ts';
import type { HopWorld, Received } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';

/** A client that sends on without waiting, to Node's reader: `TE` keeps the first request out of the lane. */
let world: HopWorld;
afterEach(() => world.close());

async function open(answer: (request: Received) => void): Promise<void> {
  world = await openHopWorld({ answer, config: { drainS: 20 } });
}

const ask = (path: string, ...headers: string[]): string =>
  [`GET /user/alice/${path} HTTP/1.1`, 'Host: h', `Cookie: ${cookie}`, ...headers, '', ''].join('\r\n');
const first = ask('first', 'TE: trailers');
const answerTo = (path: string): Received | undefined => world.received.find(({ head }) => head.includes(`/${path} `));

test('its requests are carried one after another, and answered in their order', async () => {
  await open(({ head, socket }) => void (head.includes('/first ') || socket.write(plainAnswer)));
  const client = world.open(first + ask('second') + ask('third', 'Connection: close'));
  await until(() => world.received.length === 1);
  const got = readAll(client);
  answerTo('first')!.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst');
  expect((await got).match(/first|hello/g)).toEqual(['first', 'hello', 'hello']);
  expect(world.received.map(({ head }) => /alice\/(\w+)/.exec(head)?.[1])).toEqual(['first', 'second', 'third']);
});

test('when it leaves, nothing of it stays with the server, and the gateway does not wait for it at its end', async () => {
  await open(({ head, socket }) => void (head.includes('/endless ') && socket.write('HTTP/1.1 200 OK\r\n\r\n')));
  const client = world.open(first + ask('endless'));
  await until(() => world.received.length === 1);
  client.destroy();
  await until(() => world.received.every(({ socket }) => socket.destroyed));
  expect(answerTo('endless')).toBe(undefined);
  const before = Date.now();
  await world.hop.close();
  expect(Date.now() - before).toBeLessThan(10_000);
});

test('what is malformed behind a good request does not take its answer', async () => {
  await open(() => undefined);
  const client = world.open(`${first}nonsense\r\n\r\n`);
  await until(() => world.received.length === 1);
  const got = readAll(client);
  answerTo('first')!.socket.write(plainAnswer);
  expect(await got).toMatch(/^HTTP\/1\.1 200 OK[^]*\r\n\r\nhelloHTTP\/1\.1 400 Bad Request/);
});

test('a request behind one that is refused for good is not carried', async () => {
  await open(({ socket }) => void socket.write(plainAnswer));
  const client = world.open(first.replace('/alice/', '/alice/../bob/') + ask('second'));
  expect(await readAll(client)).toMatch(/^HTTP\/1\.1 400/);
  expect(world.received).toEqual([]);
});

test('a WebSocket asked for before an answer is there gets none: that answer would be read as its frames', async () => {
  await open(() => undefined);
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const client = world.open(first + ask('ws', ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='));
  expect(await readAll(client)).toBe('');
  expect(answerTo('ws')).toBe(undefined);
  await until(() => world.received.every(({ socket }) => socket.destroyed));
});

test('the bytes of a head arrive as they were sent, whether its body comes with it or later', async () => {
  await open(({ socket }) => void socket.write(Buffer.from('HTTP/1.1 200 OK\r\nX-A: \u00e9\r\n\r\n', 'latin1')));
  const client = world.open(first);
  expect(await readUntil(client, '\r\n\r\n')).toContain('\r\nX-A: \u00e9\r\n');
});

test('what comes while the last answer of a connection goes out is not carried, nor upgraded', async () => {
  const endsLate = (socket: Socket): void => {
    const end = socket.destroySoon.bind(socket);
    socket.destroySoon = () => void setTimeout(end, 100);
  };
  const answer = ({ socket }: Received): void => void socket.write(plainAnswer);
  world = await openHopWorld({ answer, prepare: (door) => void door.on('connection', endsLate) });
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
  const handshake = ask('ws', ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
  for (const behind of [ask('behind'), handshake]) {
    const client = world.open(ask('../x'));
    await readUntil(client, 'malformed');
    client.write(behind);
    await readAll(client);
    expect(world.received).toEqual([]);
  }
});

test('whoever is refused for good gets to read why, also while still sending', async () => {
  await open(() => undefined);
  const tooLarge = `GET / HTTP/1.1\r\nCookie: ${'x'.repeat(5_000_000)}`;
  const malformed = ask('../x').replace('GET', 'POST').replace('\r\n\r\n', '\r\nContent-Length: 5000000\r\n\r\n');
  const unread = 'POST /user/alice/x HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n';
  for (const [bytes, status] of [
    [tooLarge, 431],
    [malformed + 'x'.repeat(5_000_000), 400],
    [unread + 'x'.repeat(5_000_000), 400],
  ] as const)
    expect(await readAll(world.open(bytes))).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\n\\r\\n`));
});
