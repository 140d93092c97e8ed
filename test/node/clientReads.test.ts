import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ClientReads } from '../../src/proxy/clientReads.ts';
import { ReadMemory } from '../../src/proxy/upstream/readMemory.ts';
import { until } from '../helpers/until.ts';

/** Accepted sockets of the real Node, read into memory that they share. */
let server: Server;
let accepted: Socket[];
const clients: Socket[] = [];

beforeEach(async () => {
  accepted = [];
  server = createServer({ allowHalfOpen: true }, (socket) => void accepted.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  for (const socket of [...clients.splice(0), ...accepted]) socket.destroy();
  server.close();
});

async function pair(): Promise<{ client: Socket; socket: Socket }> {
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  clients.push(client);
  const count = accepted.length;
  await until(() => accepted.length > count);
  return { client, socket: accepted.at(-1)! };
}

test('an accepted socket reads into the shared memory, and nothing goes by its stream', async () => {
  const memory = new ReadMemory();
  const reads = new ClientReads(memory);
  const { client, socket } = await pair();
  const got: [boolean, string][] = [];
  // Were this false, Node had changed where it keeps `onread`: all would work on, at more cost
  expect(
    reads.take(socket, (bytes, length) => got.push([bytes === memory.shared, String(bytes.subarray(0, length))])),
  ).toBe(true);
  client.write('one');
  await until(() => got.length === 1);
  client.write('two');
  await until(() => got.length === 2);
  expect(got).toEqual([
    [true, 'one'],
    [true, 'two'],
  ]);
  expect(socket.readableLength).toBe(0);
});

test('a released socket gives all further bytes to its listeners, also what was put back', async () => {
  const reads = new ClientReads(new ReadMemory());
  const { client, socket } = await pair();
  const first: string[] = [];
  reads.take(socket, (bytes, length) => first.push(String(bytes.subarray(0, length))));
  client.write('first');
  await until(() => first.length === 1);
  socket.pause();
  socket.unshift(Buffer.from('put back '));
  reads.release(socket);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
  socket.resume();
  client.write('then');
  await until(() => Buffer.concat(chunks).length === 13);
  client.write(' more');
  await until(() => Buffer.concat(chunks).length === 18);
  expect(String(Buffer.concat(chunks))).toBe('put back then more');
  expect(first).toEqual(['first']);
});

test('bytes that a stream keeps are its own: what others send into the shared memory does not change them', async () => {
  const reads = new ClientReads(new ReadMemory());
  const [one, other] = [await pair(), await pair()];
  reads.take(one.socket, () => undefined);
  reads.release(one.socket);
  let seen = 0;
  reads.take(other.socket, (_, length) => (seen += length));
  one.client.write('a'.repeat(5000));
  await until(() => one.socket.readableLength === 5000);
  other.client.write('b'.repeat(5000));
  await until(() => seen === 5000);
  expect(String(one.socket.read())).toBe('a'.repeat(5000));
});

test('a paused socket reads nothing until it is resumed', async () => {
  const reads = new ClientReads(new ReadMemory());
  const { client, socket } = await pair();
  let length = 0;
  reads.take(socket, (_, count) => (length += count));
  client.write('a');
  await until(() => length === 1);
  socket.pause();
  client.write('bcd');
  await wait(50);
  expect(length).toBe(1);
  socket.resume();
  await until(() => length === 4);
});

test('a stream that is full stops the reading, and goes on when it has been read', async () => {
  const reads = new ClientReads(new ReadMemory());
  const { client, socket } = await pair();
  reads.take(socket, () => undefined);
  reads.release(socket);
  const total = 8 * 1024 * 1024;
  client.write(Buffer.alloc(total, 'x'));
  await until(() => socket.readableLength >= socket.readableHighWaterMark);
  await wait(50);
  expect(socket.readableLength).toBeLessThan(total / 2);
  let length = 0;
  socket.on('data', (chunk: Buffer) => (length += chunk.length));
  await until(() => length === total);
});

test.each(['taken', 'released'])('the end of what a client sends is told where reads are %s', async (state) => {
  const reads = new ClientReads(new ReadMemory());
  const { client, socket } = await pair();
  const got: string[] = [];
  reads.take(socket, (bytes, length) => got.push(String(bytes.subarray(0, length))));
  if (state === 'released') {
    reads.release(socket);
    socket.on('data', (chunk: Buffer) => got.push(String(chunk)));
  }
  const end = once(socket, 'end');
  client.end('last');
  await end;
  expect(got).toEqual(['last']);
});

test('where the place of the option is not known, the socket is left as it is', async () => {
  const reads = new ClientReads(new ReadMemory(), null);
  const { client, socket } = await pair();
  const never = (): void => expect.unreachable();
  expect(reads.take(socket, never)).toBe(false);
  const data = once(socket, 'data');
  client.write('by the stream');
  expect(String(await data)).toBe('by the stream');
});
