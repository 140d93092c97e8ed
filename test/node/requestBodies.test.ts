import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import { afterEach, expect, test } from 'vitest';
import { toGatewayError } from '../../src/errors.ts';
import { readForm } from '../../src/listen/bodyFormats.ts';

/** Bodies on real connections: what is too long is refused in words, before or while it comes. */
let server: Server;
afterEach(() => server.close());

const maxBytes = 16_384;

function inHono(): RequestListener {
  const app = new Hono();
  app.post('/', async (c) => c.json(await readForm(c, maxBytes)));
  app.onError((error, c) => c.text(toGatewayError(error).message, toGatewayError(error).status as 400));
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  return (req, res) => void listener(req, res);
}

const onNode: RequestListener = (incoming, outgoing) => {
  readForm({ env: { incoming, outgoing } }, maxBytes).then(
    (form) => outgoing.end(JSON.stringify(form)),
    (error: unknown) => outgoing.writeHead(toGatewayError(error).status).end(toGatewayError(error).message),
  );
};

interface Sent {
  /** All that was answered until the server closed the connection. */
  answer: string;
  /** Bytes of the body that the server took. */
  taken: number;
}

/** Sends a head, then pieces of a body for as long as the connection takes them, at most `most` bytes. */
async function send(framing: string, most: number, piece = 'a&'.repeat(4096)): Promise<Sent> {
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  const answer: string[] = [];
  let taken = 0;
  socket.setEncoding('latin1').on('data', (text: string) => answer.push(text));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.write(`POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n${framing}\r\n\r\n`);
  const chunked = framing.startsWith('Transfer');
  const bytes = chunked ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece;
  while (taken < most && !socket.destroyed && answer.length === 0) {
    taken += piece.length;
    if (!socket.write(bytes)) await Promise.race([once(socket, 'drain'), closed]);
  }
  await closed;
  return { answer: answer.join(''), taken };
}

const listeners: Record<string, () => RequestListener> = { 'in Hono': inHono, 'on node:http': () => onNode };
const huge = 1_000_000_000;

test.each(Object.keys(listeners))('%s, an announced length beyond the bound is refused at once', async (name) => {
  server = createServer(listeners[name]!()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { answer } = await send(`Content-Length: ${huge}`, 0);
  expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*connection: close[^]*The request is too large: 16 KiB at most\./i);
});

test.each(Object.keys(listeners))('%s, a body without end is not read on', async (name) => {
  server = createServer(listeners[name]!()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { answer, taken } = await send('Transfer-Encoding: chunked', huge);
  expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*connection: close[^]*16 KiB at most/i);
  expect(taken).toBeLessThan(64_000_000);
});

test.each(Object.keys(listeners))('%s, a client that leaves in the middle of its body harms nobody', async (name) => {
  server = createServer(listeners[name]!()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connect(port, '127.0.0.1');
  socket.end('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc');
  await once(socket.resume(), 'close');
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: new URLSearchParams({ a: '1' }) });
  expect(await answer.json()).toEqual({ a: '1' });
});
