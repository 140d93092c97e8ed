import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createTlsDoor } from 'node:https';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, describe, expect, test } from 'vitest';
import { connectUpstream } from '../../src/proxy/upstream/connect.ts';
import { createUpstreamPool } from '../../src/proxy/upstream/pool.ts';
import { ReadMemory } from '../../src/proxy/upstream/readMemory.ts';
import { createTicker } from '../../src/proxy/upstream/ticker.ts';
import type { Connect, LentConnection } from '../../src/proxy/upstream/types.ts';
import { certificateAuthority } from '../helpers/certificates.ts';
import { cookie, openHopWorld } from '../helpers/hopWorld.ts';
import type { Received } from '../helpers/hopWorld.ts';
import { describeWith } from '../helpers/requires.ts';

describeWith(['openssl'], 'long answers', () => {
  /** Memory is used again from answer to answer: no reader may ever see a byte of another's, however slow or gone it is. */
  const dir = mkdtempSync(join(tmpdir(), 'long-'));
  const made = certificateAuthority(dir).issue('gateway');
  const keys = { key: readFileSync(made.key), cert: readFileSync(made.cert) };
  afterAll(() => rmSync(dir, { recursive: true }));

  const lineBytes = 64;
  /** Every line names the answer and the place. */
  function bodyOf(name: string, length: number): Buffer {
    const body = Buffer.alloc(length, '.');
    for (let at = 0; at < length; at += lineBytes) body.write(`${name}:${at}`, at);
    return body;
  }

  const framings = ['length', 'chunked', 'close'] as const;
  /** `/user/alice/<name>/<length>/<framing>` */
  function answer({ head, socket }: Received): void {
    const [, name, length, framing] = /alice\/(\w+)\/(\d+)\/(\w+)/.exec(head)!;
    const body = bodyOf(name!, Number(length));
    const line = { length: `Content-Length: ${length}\r\n`, chunked: 'Transfer-Encoding: chunked\r\n', close: '' }[
      framing!
    ]!;
    socket.write(`HTTP/1.1 200 OK\r\n${line}\r\n`);
    if (framing !== 'chunked') socket.write(body);
    else {
      for (let at = 0; at < body.length; at += 50_000) {
        const piece = body.subarray(at, at + 50_000);
        socket.write(Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]));
      }
      socket.write('0\r\n\r\n');
    }
    if (framing === 'close') socket.end();
  }

  /** Bodies of answers that came one behind another; chunks are taken apart. */
  function bodiesIn(text: Buffer): Buffer[] {
    const bodies: Buffer[] = [];
    let rest = text;
    while (rest.length > 0) {
      const end = rest.indexOf('\r\n\r\n') + 4;
      const length = /content-length: (\d+)/i.exec(rest.toString('latin1', 0, end))?.[1];
      rest = rest.subarray(end);
      const body = length === undefined ? unchunked(rest) : { bytes: rest.subarray(0, +length), size: +length };
      bodies.push(body.bytes);
      rest = rest.subarray(body.size);
    }
    return bodies;
  }

  function unchunked(text: Buffer): { bytes: Buffer; size: number } {
    const pieces: Buffer[] = [];
    for (let at = 0; ;) {
      const line = text.indexOf('\r\n', at);
      const length = Number.parseInt(text.toString('latin1', at, line), 16);
      if (!(length > 0)) return { bytes: Buffer.concat(pieces), size: line + 4 };
      pieces.push(text.subarray(line + 2, line + 2 + length));
      at = line + 4 + length;
    }
  }

  describe.each([
    ['in the lane', true, false],
    ['by the general reader', false, false],
    ['in the lane, with TLS', true, true],
  ])('%s', (_, lane, tls) => {
    test('long answers of all framings arrive whole for quick, slow and leaving readers at once', async () => {
      const create = tls ? { create: (options: object) => createTlsDoor({ ...options, ...keys }) } : {};
      const world = await openHopWorld({ answer, config: { lane }, ...create });
      const ask = (path: string, close: string): string =>
        `GET /user/alice/${path} HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\n${close}\r\n`;
      const open = (): Socket =>
        tls ? connectTls({ port: world.port, host: '127.0.0.1', rejectUnauthorized: false }) : world.open();

      /** Asks for several answers at once; returns what was wrong with them. */
      async function read(reader: number): Promise<string[]> {
        const [slow, leaves] = [reader % 3 === 1, reader % 5 === 4];
        const asked = [0, 1, 2, 3].map((turn) => {
          const lines = (reader * 7919 + turn * 104_729) % (slow ? 60_000 : 4000);
          const [name, length] = [`r${reader}t${turn}`, lineBytes * (1 + lines)];
          return { name, length, path: `${name}/${length}/${framings[(reader + turn) % 3]}` };
        });
        const socket = open();
        socket.on('error', () => undefined);
        socket.write(asked.map(({ path }, at) => ask(path, at === 3 ? 'Connection: close\r\n' : '')).join(''));
        const got: Buffer[] = [];
        for await (const piece of socket) {
          got.push(piece as Buffer);
          // Long enough for all that is on the way to fill up
          if (slow && got.length % 50 === 1) await wait(100);
          if (leaves && got.length > 9) return [];
        }
        const bodies = bodiesIn(Buffer.concat(got));
        return asked.flatMap(({ name, length }, at) =>
          bodies[at]?.equals(bodyOf(name, length)) === true ? [] : [`${name}: ${bodies[at]?.length} of ${length}`],
        );
      }
      const wrong = await Promise.all(Array.from({ length: 24 }, (__, reader) => read(reader)));
      await world.close();
      expect(wrong.flat()).toEqual([]);
    });
  });

  test.each(['plain', 'tls'])('what is held of an answer is never written over: %s', async (kind) => {
    const serve = (socket: Socket): void => {
      socket.on('error', () => undefined);
      socket.on('data', (request) => {
        const body = bodyOf(/\/(\w+)/.exec(request.toString())![1]!, 200_000);
        socket.write(Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`), body]));
      });
    };
    const server = kind === 'tls' ? createTlsServer(keys, serve) : createServer(serve);
    const path = join(dir, `held-${kind}.sock`);
    server.listen(path);
    await once(server, 'listening');
    const limits = { memory: new ReadMemory(), connectMs: 5000, headMs: 5000, idleMs: 5000, maxHeadBytes: 8192 };
    const open: Connect = (onread) =>
      kind === 'tls'
        ? connectTls({ path, onread, rejectUnauthorized: false } as ConnectionOptions)
        : connect({ path, onread });
    const pool = createUpstreamPool(open, { ...limits, maxConnections: 3 }, createTicker());

    const ask = (number: number): Promise<boolean> =>
      new Promise((resolve) => {
        let connection: LentConnection;
        let [pieces, intact] = [number, true];
        pool.request({
          method: 'GET',
          visitor: 'alice',
          onConnection(lent) {
            connection = lent;
            lent.write(`GET /n${number} HTTP/1.1\r\n\r\n`);
            lent.requestSent();
          },
          onData(data, last) {
            pieces += 1;
            if (!last && pieces % 2 === 0) return true;
            const copy = Buffer.from(data);
            const letGo = (): void => {
              intact &&= data.equals(copy);
              if (last) resolve(intact);
              else connection.resume();
            };
            setTimeout(letGo, last ? 20 : 2);
            return false;
          },
          onEnd: () => undefined,
          onDrain: () => undefined,
          onInformation: () => undefined,
          onHead: () => undefined,
          onFailure: () => resolve(false),
        });
      });
    const intact = await Promise.all(Array.from({ length: 60 }, (_, number) => ask(number)));
    pool.destroy();
    server.close();
    expect(intact).not.toContain(false);
  });

  test.each(['plain', 'tls'])('a socket to an upstream reads into the memory it is given: %s', async (kind) => {
    const serve = (socket: Socket): void => void socket.on('error', () => undefined).end('hello');
    const server = kind === 'tls' ? createTlsServer(keys, serve) : createServer(serve);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const memory = Buffer.alloc(64);
    const upstream = { kind: 'tcp' as const, host: '127.0.0.1', port, ...(kind === 'tls' ? { tls: 'start' } : {}) };
    const trust = () => ({ ...certificates(), servername: 'gateway', minVersion: 'TLSv1.2' as const });
    const read: string[] = [];
    const socket = connectUpstream(upstream, trust, {
      buffer: memory,
      callback: (length, piece) => read.push(Buffer.from(piece).toString('latin1', 0, length)) > 0,
    });
    await once(socket, 'end');
    socket.destroy();
    server.close();
    expect(read.join('')).toBe('hello');
    expect(memory.toString('latin1', 0, 5)).toBe('hello');
  });

  function certificates(): { ca: string; cert: string; key: string } {
    const ca = readFileSync(join(dir, 'ca.crt'), 'utf8');
    return { ca, cert: keys.cert.toString(), key: keys.key.toString() };
  }
});
