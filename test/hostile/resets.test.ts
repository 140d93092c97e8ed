import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cookie, openHopWorld, plainAnswer } from '../helpers/hopWorld.ts';
import type { HopWorld, Received } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';

/**
 * Either side resets, closes or falls silent after any number of bytes: http-proxy-3#5 and jupyterhub#22, where one such
 * reset ended the whole process. A fault that nobody catches would fail this file.
 */
let world: HopWorld;
let answer: (request: Received) => void;

const ask = (first: string, ...headers: string[]): string =>
  [`${first} HTTP/1.1`, 'Host: h', `Cookie: ${cookie}`, ...headers, '', ''].join('\r\n');
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const handshake = ask('GET /user/alice/ws', ...upgrade, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==');
const agreed = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const requests = [
  ['a request', ask('GET /user/alice/x')],
  ['two at once', ask('GET /user/alice/x').repeat(2)],
  ['an upload', `${ask('POST /user/alice/x', 'Transfer-Encoding: chunked')}5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n`],
  ['an upload that waits for its 100', ask('POST /user/alice/x', 'Content-Length: 5', 'Expect: 100-continue')],
  ['a WebSocket', `${handshake}\u0081\u0083\u0000\u0000\u0000\u0000abc\u0088\u0080\u0000\u0000\u0000\u0000`],
  ['a page of ours', ask('GET /hub/home')],
  ['a refused request', ask('GET /user/bob/x')],
] as const;
const answers = [
  ['an answer', plainAnswer],
  ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n'],
  ['interim answers', `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${plainAnswer}`],
  ['a WebSocket', `${agreed}\u0081\u0003abc\u0088\u0000`],
] as const;

/** How a connection is left; with `end`, it is dropped for good a little later. */
const ways = ['resetAndDestroy', 'destroy', 'end'] as const;

function cuts(text: string): number[] {
  const all: number[] = [];
  for (let at = 0; at <= text.length; at += at < 8 || text.length < 120 ? 3 : 11) all.push(at);
  return [...all, text.length];
}

describe.each([true, false])('lane %s', (lane) => {
  beforeAll(async () => {
    world = await openHopWorld({ config: { lane, drainS: 60 }, answer: (request) => answer(request) });
  });
  afterAll(async () => {
    await until(() => world.hop.connections.count() === 0);
    // Comes at once, and not after the drain time, only if no exchange has been forgotten
    const before = Date.now();
    await world.close();
    expect(Date.now() - before).toBeLessThan(30_000);
  }, 90_000);

  test.each(requests)('the client of %s leaves after any number of bytes', async (_, bytes) => {
    answer = ({ head, socket }) => void socket.write(head.includes('/ws ') ? agreed : plainAnswer);
    for (const way of ways)
      for (const at of cuts(bytes)) {
        const client = world.open(bytes.slice(0, at));
        client.resume();
        await new Promise(setImmediate);
        await new Promise(setImmediate);
        if (client.connecting) client.once('connect', () => client[way]());
        else client[way]();
        setTimeout(() => client.destroy(), 20);
      }
    await served();
  });

  test.each(answers)('the server leaves in the middle of %s, after any number of bytes', async (name, bytes) => {
    for (const way of ['destroy', 'end'] as const)
      for (const at of cuts(bytes)) {
        answer = ({ socket }) => void socket.write(Buffer.from(bytes.slice(0, at), 'latin1'), () => socket[way]());
        const client = world.open(name === 'a WebSocket' ? handshake : ask('GET /user/alice/x'));
        client.resume();
        await new Promise((resolve) => setTimeout(resolve, 3));
        client.destroy();
      }
    await served();
  });
});

async function served(): Promise<void> {
  answer = ({ socket }) => void socket.write(plainAnswer);
  expect(await world.raw(ask('GET /user/alice/x', 'Connection: close'))).toMatch(/^HTTP\/1\.1 200 OK[^]*hello$/);
}
