import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cookie, openHopWorld, plainAnswer, readAll, readUntil } from '../helpers/hopWorld.ts';
import type { HopWorld, Received } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';

/** What HTTP promises end to end, on real sockets with both ends written by hand. */
let world: HopWorld;
let answer: (request: Received) => void;

describe.each([true, false])('lane %s', (lane) => {
  beforeAll(async () => {
    world = await openHopWorld({ answer: (request) => answer(request), config: { lane } });
  });
  afterAll(() => world.close());
  beforeEach(() => {
    answer = ({ socket }) => void socket.write(plainAnswer);
    world.forget();
  });

  describe('what passes as it is', () => {
    test('102 and 103 with all their headers, but none to an HTTP/1.0 client', async () => {
      answer = say(
        `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX-A: 1\r\n\r\n${plainAnswer}`,
      );
      const got = await world.raw(get());
      expect(got).toMatch(
        /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\nLink: <\/a>; rel=preload\r\nX-A: 1\r\n\r\nHTTP\/1\.1 200/,
      );
      expect(await world.raw(get().replace('HTTP/1.1', 'HTTP/1.0'))).toMatch(/^HTTP\/1\.1 200 OK/);
    });

    test('trailers of an answer, announced or not, without those that steer', async () => {
      answer = say(
        'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-Sum: 9\r\nSet-Cookie: a=1\r\nLocation: /x\r\n\r\n',
      );
      const got = await world.raw(get('TE: trailers'));
      expect(got).toMatch(/\r\nTrailer: X-Sum\r\n[^]*\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n$/);
      expect(world.received[0]!.head).toMatch(/\r\nTE: trailers\r\nConnection: TE(?:\r\n|$)/);
    });

    test('trailers of a request, without those that the gate would have removed from a head', async () => {
      answer = (request) =>
        void until(() => request.rest.includes('\r\n\r\n')).then(() => request.socket.write(plainAnswer));
      const body = '3\r\nabc\r\n0\r\nX-Sum: 9\r\nX-Forwarded-For: 1.1.1.1\r\nAuthorization: x\r\n\r\n';
      await world.raw(ask('POST /user/alice/x', 'Transfer-Encoding: chunked') + body);
      expect(world.received[0]!.rest.toString()).toBe('3\r\nabc\r\n0\r\nX-Sum: 9\r\n\r\n');
    });

    test('ranges and conditions, asked and answered', async () => {
      answer = say('HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 2-3/9\r\nContent-Length: 2\r\n\r\ncd');
      const got = await world.raw(get('Range: bytes=2-3', 'If-Range: "e"'));
      expect(got).toMatch(/^HTTP\/1\.1 206 Partial Content\r\nContent-Range: bytes 2-3\/9\r\n[^]*\r\n\r\ncd$/);
      expect(world.received[0]!.head).toMatch(/\r\nRange: bytes=2-3\r\nIf-Range: "e"/);
    });

    test('HEAD, 204 and 304 with the headers of the body they do not have, on a connection that is kept', async () => {
      for (const [first, head] of [
        ['HEAD /user/alice/x', 'HTTP/1.1 200 OK\r\nContent-Length: 12345'],
        ['GET /user/alice/x', 'HTTP/1.1 304 Not Modified\r\nETag: "e"\r\nContent-Length: 12345'],
        ['GET /user/alice/x', 'HTTP/1.1 204 No Content\r\nX-A: 1'],
      ] as const) {
        answer = say(`${head}\r\n\r\n`);
        expect(await world.raw(ask(first))).toMatch(new RegExp(`^${head}\r\n[^]*\r\n\r\n$`));
      }
      answer = say(plainAnswer);
      await world.raw(get());
      expect(new Set(world.received.map(({ connection }) => connection)).size).toBe(1);
    });

    test('every Set-Cookie of its own, and odd reason phrases', async () => {
      answer = say(
        'HTTP/1.1 299 Quite Fine\r\nset-cookie: a=1\r\nSet-Cookie: b=2; Path=/\r\nContent-Length: 0\r\n\r\n',
      );
      expect(await world.raw(get())).toMatch(
        /^HTTP\/1\.1 299 Quite Fine\r\nset-cookie: a=1; Path=\/user\/alice\/\r\nSet-Cookie: b=2; Path=\/user\/alice\/\r\n/,
      );
    });

    test('an answer that ends with its connection', async () => {
      answer = ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\n\r\nto the end');
      expect(await world.raw(get())).toMatch(/transfer-encoding: chunked[^]*to the end[^]*0\r\n\r\n$/i);
    });

    test('the body of any method that has one', async () => {
      answer = (request) => void until(() => request.rest.length === 4).then(() => request.socket.write(plainAnswer));
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'REPORT'])
        expect(await world.raw(`${ask(`${method} /user/alice/x`, 'Content-Length: 4')}body`)).toMatch(
          /^HTTP\/1\.1 200/,
        );
      expect(world.received.map(({ head }) => head.slice(0, head.indexOf(' ')))).toEqual([
        'POST',
        'PUT',
        'PATCH',
        'DELETE',
        'REPORT',
      ]);
    });
  });

  describe('Expect: 100-continue', () => {
    const upload = ask('POST /user/alice/x', 'Expect: 100-continue', 'Content-Length: 3');

    test('is asked of the upstream; its 100 lets the body come', async () => {
      answer = (request) => {
        expect(request.head).toContain('Expect: 100-continue');
        request.socket.write('HTTP/1.1 100 Continue\r\n\r\n');
        void until(() => request.rest.length === 3).then(() => request.socket.write(plainAnswer));
      };
      const client = world.open(upload);
      expect(await readUntil(client, '\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      const rest = readAll(client);
      client.write('abc');
      expect(await rest).toMatch(/^HTTP\/1\.1 200 OK/);
      expect(world.received[0]!.rest.toString()).toBe('abc');
    });

    test('refused by the upstream: the client hears it without sending its body', async () => {
      answer = say('HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n');
      expect(await world.raw(upload)).toMatch(/^HTTP\/1\.1 413 Content Too Large\r\n[^]*Connection: close/);
    });

    test('refused by the gate: no 100, nothing upstream', async () => {
      expect(await world.raw(upload.replace('alice', 'bob'))).toMatch(/^HTTP\/1\.1 403/);
      expect(world.received).toEqual([]);
    });
  });

  describe('kept connections', () => {
    /** The first request is answered; on the same connection, the second meets a connection that closes. */
    const closingOnSecond = (): void => {
      const served = new Set<number>();
      answer = ({ socket, connection }) => {
        if (served.has(connection)) socket.destroy();
        else socket.write(plainAnswer);
        served.add(connection);
      };
    };

    test('a GET that meets one just closed is sent once more, on another', async () => {
      closingOnSecond();
      for (let i = 0; i < 4; i += 1) expect(await world.raw(get())).toMatch(/^HTTP\/1\.1 200/);
      expect(world.received.length).toBeGreaterThan(4);
    });

    test('a POST is not: it may have been done', async () => {
      closingOnSecond();
      await world.raw(get());
      world.forget();
      expect(await world.raw(ask('POST /user/alice/x', 'Content-Length: 0'))).toMatch(/^HTTP\/1\.1 502/);
      expect(world.received.length).toBe(1);
    });

    test('a GET that a fresh connection drops is not sent again', async () => {
      answer = ({ socket }) => void socket.destroy();
      await world.raw(get());
      world.forget();
      expect(await world.raw(get())).toMatch(/^HTTP\/1\.1 502/);
      expect(world.received.length).toBe(1);
    });

    test('one on which more came than was asked for is not used again, and what came reaches nobody', async () => {
      answer = say(`${plainAnswer}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
      await world.raw(get());
      answer = say(plainAnswer);
      expect(await world.raw(get())).toMatch(/hello$/);
      expect(world.received[0]!.connection).not.toBe(world.received[1]!.connection);
    });
  });

  describe('answers that are none', () => {
    test.each([
      ['no HTTP', 'SSH-2.0-x\r\n\r\n'],
      ['bare line feeds', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
      ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
      ['the same length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na'],
      ['a length with a sign', 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na'],
      ['length beside coding', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
      ['an unknown coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
      ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
      ['a folded header', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n 2\r\nContent-Length: 0\r\n\r\n'],
      ['a space before the colon', 'HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 0\r\n\r\n'],
      ['a control character', 'HTTP/1.1 200 OK\r\nX-A: \u0001\r\nContent-Length: 0\r\n\r\n'],
      ['a switch that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n'],
      ['no end of interim answers', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(40)],
      ['a head without end', `HTTP/1.1 200 OK\r\n${'X-A: bbbbbbbbbbbbbbbb\r\n'.repeat(3000)}`],
      ['an empty one', ''],
    ])('%s: 502, logged with side and phase', async (_, text) => {
      answer = ({ socket }) => void socket.end(text);
      world.logs.length = 0;
      const got = await world.raw(get());
      expect(got).toMatch(/(?:^|\r\n\r\n)HTTP\/1\.1 502 Bad Gateway\r\n/);
      const id = /x-request-id: (\w+)/.exec(got)?.[1];
      expect(world.logs.filter((line) => line['requestId'] === id)).toMatchObject([
        { code: 'upstream.broken', side: 'server', phase: 'answer head', path: '/user/alice/x' },
      ]);
    });

    test.each([
      ['a body cut short', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc'],
      ['chunks cut short', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'],
      ['a chunk of no size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n'],
      ['a chunk longer than it says', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n'],
    ])('%s: broken off, never completed, logged', async (_, text) => {
      answer = ({ socket }) => void socket.end(text);
      world.logs.length = 0;
      const got = await world.raw(get());
      expect(got).toMatch(/^(?:HTTP\/1\.1 200 OK|$)/);
      expect(got).not.toMatch(/\r\n0\r\n\r\n$/);
      expect(world.logs).toMatchObject([{ code: 'upstream.broken', phase: 'answer body' }]);
    });
  });
});

const say =
  (text: string) =>
  ({ socket }: Received): void =>
    void socket.write(text);
const lines = (...all: string[]): string => `${all.join('\r\n')}\r\n\r\n`;
const ask = (first: string, ...headers: string[]): string =>
  lines(`${first} HTTP/1.1`, 'Host: h', `Cookie: ${cookie}`, 'Connection: close', ...headers);
const get = (...headers: string[]): string => ask('GET /user/alice/x', ...headers);

test('who puts itself before the front door sees every request: there is no lane past it', async () => {
  const guarded = await openHopWorld({
    prepare: (door) => {
      door.removeAllListeners('request');
      door.on('request', (_, res) => res.writeHead(403).end());
    },
  });
  expect(await guarded.raw(get())).toMatch(/^HTTP\/1\.1 403/);
  expect(guarded.received).toEqual([]);
  await guarded.close();
});
