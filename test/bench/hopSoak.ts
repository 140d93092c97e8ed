import type { Socket } from 'node:net';
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cookie, openHopWorld, plainAnswer } from '../helpers/hopWorld.ts';
import type { HopWorld, Received } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';

export interface SoakOptions {
  requests: number;
  sockets: number;
  slowReaders: number;
}

export interface SoakResult {
  requests: number;
  /** Answered in full, refused with 502, broken off. */
  outcomes: Record<string, number>;
  /** File descriptors of the process, all ends of all connections, before and after. */
  descriptors: { before: number; peak: number; after: number };
  heapMiB: { before: number; after: number };
  /** Of the process while all slow readers are fed, above the beginning. */
  slowReadersMiB: number;
}

const get = (path: string): string => `GET /user/alice/${path} HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\n\r\n`;
const handshake = get('ws').replace(
  '\r\n\r\n',
  '\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
);
const piece = Buffer.alloc(65_536, 'x');

/** An upstream that answers, dies before or within its answer, answers nonsense, or sends without end. */
function fickle({ head, socket }: Received): void {
  if (head.includes('/die')) socket.destroy();
  else if (head.includes('/half')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf');
  else if (head.includes('/odd')) socket.end('nonsense\r\n\r\n');
  else if (head.includes('/ws'))
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  else if (head.includes('/endless')) feed(socket);
  else if (!head.includes('/silent')) socket.write(plainAnswer);
}

function feed(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\n\r\n');
  const more = (): void => {
    while (!socket.writableNeedDrain && !socket.destroyed) socket.write(piece);
  };
  socket.on('drain', more);
  more();
}

/** Runs all of it in one process and looks whether anything is left. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const world = await openHopWorld({ answer: fickle });
  const outcomes: Record<string, number> = {};
  await flood(world, 200, {});
  world.forget();
  const before = await measure();
  await flood(world, options.requests, outcomes);
  const clients = await openIdle(world, options.sockets);
  const opened = await measure();
  for (const client of clients) client.destroy();
  await until(() => world.hop.connections.count() === 0, 20_000);
  const slowBefore = process.memoryUsage().rss;
  const readers = Array.from({ length: options.slowReaders }, () => world.open(get('endless')).pause());
  await wait(2000);
  const slowReadersMiB = (process.memoryUsage().rss - slowBefore) / 2 ** 20;
  for (const reader of readers) reader.destroy();
  await until(() => world.hop.connections.count() === 0, 20_000);
  world.forget();
  await wait(500);
  await until(async () => (await measure()).descriptors <= before.descriptors + 70, 20_000);
  const after = await measure();
  await world.close();
  return {
    requests: options.requests,
    outcomes,
    descriptors: { before: before.descriptors, peak: opened.descriptors, after: after.descriptors },
    heapMiB: { before: before.heapMiB, after: after.heapMiB },
    slowReadersMiB,
  };
}

/** Each on a connection of its own that is dropped in one of several ways; twenty at once. */
async function flood(world: HopWorld, count: number, outcomes: Record<string, number>): Promise<void> {
  const paths = ['ok', 'die', 'ok', 'half', 'ok', 'odd', 'ok', 'silent'];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const path = paths[next++ % paths.length]!;
      const outcome = await once(world, path);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (world.received.length > 1000) world.forget();
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
}

async function once(world: HopWorld, path: string): Promise<string> {
  const socket = world.open(get(path));
  const text = await new Promise<string>((resolve) => {
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      if (got.endsWith('\r\n\r\nhello') || got.startsWith('HTTP/1.1 502')) resolve(got);
    });
    socket.on('close', () => resolve(got));
    if (path === 'silent') setTimeout(() => resolve('left'), 5);
  });
  socket.destroy();
  return `${path}: ${text === 'left' ? text : text.slice(0, 12) || 'broken off'}`;
}

async function openIdle(world: HopWorld, count: number): Promise<Socket[]> {
  const clients: Socket[] = [];
  for (let i = 0; i < count; i += 1) {
    const client = world.open(handshake);
    client.resume();
    clients.push(client);
    if (i % 50 === 49) await until(() => world.hop.connections.count() === clients.length, 10_000);
  }
  await until(() => world.hop.connections.count() === count, 10_000);
  return clients;
}

async function measure(): Promise<{ descriptors: number; heapMiB: number }> {
  globalThis.gc?.();
  await wait(20);
  const { heapUsed } = process.memoryUsage();
  return { descriptors: readdirSync('/proc/self/fd').length, heapMiB: heapUsed / 2 ** 20 };
}

/** `npm run bench -- hopSoak`: both ends and the gateway's hop in one process, upstreams that die in every way. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean' },
      requests: { type: 'string', default: '100000' },
      sockets: { type: 'string', default: '1000' },
      readers: { type: 'string', default: '200' },
    },
  });
  const result = await soak({
    requests: Number(values.requests),
    sockets: Number(values.sockets),
    slowReaders: Number(values.readers),
  });
  console.log(values.json === true ? JSON.stringify(result) : result);
}
