import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { innerCall } from '../../src/servers/innerCall.ts';
import { forgetPermissions } from '../../src/shares/forgetPermissions.ts';
import { answersAt } from '../../src/servers/readiness.ts';
import type { Upstream } from '../../src/servers/types.ts';

let server: Server | undefined;
let written = 0;

/** Nobody reads any more. */
async function closed(): Promise<void> {
  const old = server;
  server = undefined;
  old?.close();
  if (old !== undefined) await once(old, 'close');
}

afterEach(closed);

/** Answers with a head, then writes one piece again and again until the other side has gone. */
async function serve(head: string, again = ''): Promise<Upstream> {
  written = 0;
  server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      socket.write(head);
      if (again !== '') pour(socket, again);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

function pour(socket: Socket, piece: string): void {
  while (!socket.destroyed && socket.write(piece)) written += piece.length;
  written += piece.length;
  if (!socket.destroyed) socket.once('drain', () => pour(socket, piece));
}

const call = (upstream: Upstream, timeoutMs = 20_000): Promise<number | undefined> =>
  innerCall({ upstream, method: 'GET', path: '/', timeoutMs });
/** Buffers of both ends of a connection take some; what is read for as long as it comes is far more. */
const fewBytes = 32 * 1024 * 1024;

test.each([
  ['of a known length', 'HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n'],
  ['in chunks', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'],
  ['to the end of the connection', 'HTTP/1.1 200 OK\r\n\r\n'],
])('an answer without end, %s, is read to the end of its head', async (_, head) => {
  const upstream = await serve(head, `10000\r\n${'x'.repeat(65_536)}\r\n`);
  expect(await forgetPermissions(upstream, '/user/alice/')).toBe(false);
  await closed();
  expect(written).toBeLessThan(fewBytes);
});

test('so is one of a server that is looked at', async () => {
  const upstream = await serve('HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n', 'x'.repeat(65_536));
  expect(await answersAt(upstream, '/', 20_000)).toBe(true);
  await closed();
  expect(written).toBeLessThan(fewBytes);
});

test.each([
  ['a head without end', 'HTTP/1.1 200 OK\r\n', `x: ${'y'.repeat(1000)}\r\n`],
  ['interim answers without end', '', 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000)],
  [
    'another protocol',
    'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
    'x'.repeat(65_536),
  ],
  ['no HTTP at all', 'SSH-2.0\r\n', 'x'.repeat(65_536)],
])('%s: no answer', async (_, head, again) => {
  expect(await call(await serve(head, again))).toBeUndefined();
  expect(written).toBeLessThan(fewBytes);
});

test('one that says nothing, or dribbles, is left at the deadline', async () => {
  expect(await call(await serve(''), 100)).toBeUndefined();
  expect(await call(await serve('HTTP/1.1 200 OK\r\n'), 100)).toBeUndefined();
});

test('a server that has to prove itself is never called without that', async () => {
  const upstream = { ...(await serve('HTTP/1.1 204 No Content\r\n\r\n')), tls: 'start' } as Upstream;
  expect(await call(upstream)).toBeUndefined();
});
