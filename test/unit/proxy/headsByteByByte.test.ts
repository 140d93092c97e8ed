import { EventEmitter } from 'node:events';
import type { OnReadOpts, Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { HandshakeReader } from '../../../src/proxy/handshakeReader.ts';
import { LaneConnection } from '../../../src/proxy/lane/laneConnection.ts';
import type { LaneOptions } from '../../../src/proxy/lane/laneConnection.ts';
import { UpstreamConnection } from '../../../src/proxy/upstream/connection.ts';
import { ReadMemory } from '../../../src/proxy/upstream/readMemory.ts';

/** Whoever sends byte by byte must not cost the square of what they send: counted in bytes copied and searched. */
const maxHeadBytes = 32_768;
const head = `HTTP/1.1 200 OK\r\nx-pad: ${'a'.repeat(30_000)}\r\ncontent-length: 2\r\n\r\n`;
const bytes = Buffer.from(`${head}ok`, 'latin1');

/** So many bytes are copied or searched by what `run` does. */
function bytesTouched(run: () => void): number {
  let touched = 0;
  const concat = Buffer.concat.bind(Buffer);
  const indexOf: unknown = Reflect.get(Buffer.prototype, 'indexOf');
  const set: unknown = Reflect.get(Uint8Array.prototype, 'set');
  vi.spyOn(Buffer, 'concat').mockImplementation((...parameters) => {
    const joined = concat(...parameters);
    touched += joined.length;
    return joined;
  });
  vi.spyOn(Buffer.prototype, 'indexOf').mockImplementation(function (this: Buffer, ...parameters: unknown[]) {
    const from = typeof parameters[1] === 'number' ? parameters[1] : 0;
    touched += this.length - from;
    return Reflect.apply(indexOf as Buffer['indexOf'], this, parameters as [string]);
  });
  vi.spyOn(Uint8Array.prototype, 'set').mockImplementation(function (this: Uint8Array, source, offset) {
    touched += source.length;
    Reflect.apply(set as Uint8Array['set'], this, [source, offset]);
  });
  try {
    run();
  } finally {
    vi.restoreAllMocks();
  }
  return touched;
}

/** Each byte: taken from the socket, joined, searched with three before it, and moved when the memory grows. */
const mostTouched = 16 * bytes.length;

test('the head of an answer to a handshake', () => {
  const reader = new HandshakeReader(maxHeadBytes);
  let found: ReturnType<HandshakeReader['push']>;
  const touched = bytesTouched(() => {
    for (let at = 0; at < head.length; at += 1) found = reader.push(bytes.subarray(at, at + 1));
  });
  expect(found?.head.status).toBe(200);
  expect(touched).toBeLessThan(mostTouched);
});

test('the head of an answer', () => {
  let reads: OnReadOpts | undefined;
  const taken: string[] = [];
  const socket = fakeSocket();
  const owner = {
    maxHeadBytes,
    memory: new ReadMemory(),
    connect: (onread: OnReadOpts | undefined) => {
      reads = onread;
      return socket;
    },
    onFree: () => taken.push('free'),
    onGone: () => taken.push('gone'),
    deadline: () => 0,
  };
  const connection = new UpstreamConnection(owner, {
    method: 'GET',
    visitor: 'alice',
    onConnection: (lent) => lent.requestSent(),
    onInformation: () => taken.push('information'),
    onHead: ({ status }) => taken.push(`head ${status}`),
    onData: (data) => taken.push(data.toString()) > 0,
    onDrain: () => {},
    onEnd: () => taken.push('end'),
    onFailure: ({ cause }) => taken.push(String(cause)),
  });
  socket.emit('connect');
  const touched = bytesTouched(() => receive(reads!, bytes));
  expect(connection.visitor).toBeUndefined();
  expect(taken).toEqual(['head 200', 'o', 'k', 'free', 'end']);
  expect(touched).toBeLessThan(mostTouched);
});

test('requests that come while another is being decided', async () => {
  const socket = fakeSocket();
  let read: ((memory: Buffer, length: number) => void) | undefined;
  let handedOver: Buffer | undefined;
  const decision = Promise.withResolvers<undefined>();
  const ticker: Pick<LaneOptions['ticker'], 'add' | 'remove' | 'after'> = {
    add: () => {},
    remove: () => {},
    after: () => 0,
  };
  const connection = new LaneConnection(socket, {
    ticker,
    reads: {
      take: (_: Socket, onRead: typeof read) => {
        read = onRead;
        return true;
      },
      release: () => {},
    } as unknown as LaneOptions['reads'],
    firstMs: 1000,
    idleMs: 1000,
    readIdleMs: 1000,
    maxHeadBytes,
    ahead: () => {},
    begin: () => decision.promise,
    handOver: (_, given) => void (handedOver = given),
    onGone: () => {},
  });
  const first = Buffer.from('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
  read!(first, first.length);
  const touched = bytesTouched(() => {
    for (let at = 0; at < bytes.length; at += 1) read!(bytes.subarray(at, at + 1), 1);
  });
  decision.resolve(undefined);
  await vi.waitFor(() => expect(handedOver?.toString()).toBe(`${first.toString()}${bytes.toString()}`));
  expect(touched).toBeLessThan(mostTouched);
  expect(connection.deadline).toBe(0);
});

function fakeSocket(): Socket {
  const nothing = { destroy: () => {}, resume: () => {}, pause: () => {}, isPaused: () => false, writable: true };
  return Object.assign(new EventEmitter(), nothing) as unknown as Socket;
}

/** As Node reads from a socket, one byte at a time. */
function receive(onread: OnReadOpts, sent: Buffer): void {
  for (const byte of sent) {
    const memory = typeof onread.buffer === 'function' ? onread.buffer() : onread.buffer;
    memory[0] = byte;
    onread.callback(1, memory);
  }
}
