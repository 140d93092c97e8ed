import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { cookie, openHopWorld, plainAnswer, readAll, readUntil } from '../helpers/hopWorld.ts';
import type { HopWorld, HopWorldOptions, Received } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';

/** Deadlines, back-pressure, people who leave, and the end of the gateway. */
let world: HopWorld;
afterEach(() => world.close());

async function open(answer: (request: Received) => void, options: HopWorldOptions = {}): Promise<void> {
  world = await openHopWorld({ answer, ...options });
}

const ask = (first: string, ...headers: string[]): string =>
  [`${first} HTTP/1.1`, 'Host: h', `Cookie: ${cookie}`, ...headers, '', ''].join('\r\n');
const get = ask('GET /user/alice/x', 'Connection: close');
const ignore = (): void => undefined;

test('an upstream that does not answer: 504 after the deadline for heads, and its connection is closed', async () => {
  await open(ignore, { config: { headersTimeoutS: 0.3 } });
  expect(await world.raw(get)).toMatch(/^HTTP\/1\.1 504/);
  await until(() => world.received[0]!.socket.destroyed);
  expect(world.logs).toMatchObject([{ code: 'upstream.timeout', side: 'server', phase: 'answer head' }]);
});

test('no deadline cuts an answer that has begun, nor one whose request is still on its way', async () => {
  await open(
    (request) => {
      if (request.head.startsWith('POST'))
        void until(() => request.rest.length === 3).then(() => request.socket.write(plainAnswer));
      else request.socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n');
    },
    { config: { headersTimeoutS: 0.3, clientHeadersTimeoutS: 1 } },
  );
  const upload = world.open(ask('POST /user/alice/x', 'Content-Length: 3', 'Connection: close'));
  const stream = world.open(get);
  await readUntil(stream, 'first');
  for (const byte of 'abc') {
    await wait(600);
    upload.write(byte);
  }
  expect(await readAll(upload)).toMatch(/^HTTP\/1\.1 200/);
  world.received.find(({ head }) => head.startsWith('GET'))!.socket.write('6\r\nsecond\r\n0\r\n\r\n');
  expect(await readAll(stream)).toMatch(/second\r\n0\r\n\r\n$/);
});

test('a client that stops in the middle of its body gets 408, and the exchange upstream ends', async () => {
  await open(ignore, { config: { clientBodyIdleS: 0.3 } });
  const got = await world.raw(`${ask('POST /user/alice/x', 'Content-Length: 9', 'Connection: close')}abc`);
  expect(got).toMatch(/^HTTP\/1\.1 408/);
  await until(() => world.received[0]!.socket.destroyed);
  expect(world.logs).toMatchObject([{ code: 'request.timeout', side: 'client', phase: 'request body' }]);
});

test('a head that does not end, and a body for our own pages that does not, are cut off', async () => {
  await open(ignore, { config: { clientHeadersTimeoutS: 0.5, clientBodyIdleS: 0.5 } });
  const slow = world.open('GET /user/alice/x HTTP/1.1\r\nHost: h\r\n');
  const silent = world.open();
  const page = world.open(ask('POST /hub/login', 'Content-Length: 9'));
  const answers = await Promise.all([slow, silent, page].map(readAll));
  expect(answers[0]).toMatch(/^HTTP\/1\.1 408/);
  expect(world.received).toEqual([]);
});

test('an answer waits for its reader, an upload for its server', async () => {
  const chunk = Buffer.alloc(65_536, 'x');
  let sent = 0;
  await open((request) => {
    const { socket, head } = request;
    if (head.startsWith('POST')) socket.pause();
    else {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 67108864\r\n\r\n');
      const more = (): void => {
        while (sent < 67_108_864 && !socket.writableNeedDrain) {
          socket.write(chunk);
          sent += chunk.length;
        }
      };
      socket.on('drain', more);
      more();
    }
  });
  const reader = world.open(get);
  await readUntil(reader, '\r\n\r\n');
  reader.pause();
  const before = process.memoryUsage().rss;
  await settled(() => sent);
  expect(sent).toBeLessThan(16 * 2 ** 20);
  const writer = world.open(ask('POST /user/alice/x', 'Content-Length: 67108864'));
  let given = 0;
  while (given < 67_108_864) {
    given += chunk.length;
    if (!writer.write(chunk) && !(await drained(writer))) break;
  }
  expect(given).toBeLessThan(32 * 2 ** 20);
  expect(process.memoryUsage().rss - before).toBeLessThan(48 * 2 ** 20);
  let read = 0;
  reader.on('data', (data) => (read += data.length));
  await until(() => read >= 60 * 2 ** 20);
});

test('who leaves ends the exchange upstream: while it waits, reads, writes or is in the queue', async () => {
  await open(({ socket, head }) => void (head.includes('/read') && socket.write('HTTP/1.1 200 OK\r\n\r\nsome')), {
    config: { connectionsPerServer: 3 },
  });
  const clients = [
    world.open(ask('GET /user/alice/wait')),
    world.open(ask('GET /user/alice/read')),
    world.open(`${ask('POST /user/alice/write', 'Content-Length: 9')}abc`),
  ];
  await until(() => world.received.length === 3);
  const queued = world.open(ask('GET /user/alice/queue'));
  await wait(50);
  for (const client of [queued, ...clients]) client.destroy();
  await until(() => world.received.every(({ socket }) => socket.destroyed));
});

test('beyond its connections, exchanges wait for a free one', async () => {
  const held: Received[] = [];
  await open((request) => void held.push(request), { config: { connectionsPerServer: 2 } });
  const answers = [1, 2, 3, 4, 5].map(() => world.raw(get));
  await until(() => held.length === 2);
  await wait(50);
  expect(held.length).toBe(2);
  for (let i = 0; i < 5; i += 1) {
    await until(() => held.length > i);
    held[i]!.socket.write(plainAnswer);
  }
  for (const got of await Promise.all(answers)) expect(got).toMatch(/^HTTP\/1\.1 200/);
  expect(new Set(held.map(({ connection }) => connection)).size).toBe(2);
});

test('a large body that is refused is read, so that the refusal arrives and the connection serves on', async () => {
  await open(({ socket }) => void socket.write(plainAnswer));
  const client = world.open(ask('POST /user/bob/x', 'Content-Length: 3000000'));
  const got = readUntil(client, '\r\n\r\n');
  client.write(Buffer.alloc(3_000_000));
  expect(await got).toMatch(/^HTTP\/1\.1 403/);
  client.write(get);
  expect(await readAll(client)).toMatch(/HTTP\/1\.1 200[^]*hello$/);
});

test('a stream ends at once when its session does', async () => {
  await open(({ socket }) => void socket.write('HTTP/1.1 200 OK\r\n\r\nfirst'));
  const client = world.open(get);
  await readUntil(client, 'first');
  expect(world.hop.connections.closeWhere((info) => info.sessionId === 's1', 4401, 'signed out')).toBe(1);
  expect(await readAll(client)).toBe('');
  await until(() => world.received[0]!.socket.destroyed && world.hop.connections.count() === 0);
});

test('at shutdown, running requests get their answer; those that do not end are cut after the drain time', async () => {
  await open(ignore, { config: { drainS: 1 } });
  const quick = world.raw(get);
  const never = world.raw(get);
  await until(() => world.received.length === 2);
  world.door.close();
  const closed = world.hop.close();
  world.received[0]!.socket.write(plainAnswer);
  const answers = await Promise.all([quick, never]);
  await closed;
  expect(answers.filter((got) => got.startsWith('HTTP/1.1 200')).length).toBe(1);
  expect(answers.filter((got) => got.startsWith('HTTP/1.1 502')).length).toBe(1);
});

/** Waits until a number has not grown for a while. */
async function settled(value: () => number): Promise<void> {
  for (let last = -1; last !== value();) {
    last = value();
    await wait(200);
  }
}

/** Whether it drains within a second. */
function drained(socket: NodeJS.EventEmitter): Promise<boolean> {
  return Promise.race([once(socket, 'drain').then(() => true), wait(1000).then(() => false)]);
}
