import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toClient } from '../../src/chp/headers.ts';
import { startNginxWith } from '../helpers/frontProxies.ts';
import type { FrontProxy } from '../helpers/frontProxies.ts';
import { cookie, openHopWorld } from '../helpers/hopWorld.ts';
import type { HopWorld, Received } from '../helpers/hopWorld.ts';
import { describeWith } from '../helpers/requires.ts';
import { bytesOf, get, handshake, signedIn } from './case.ts';

/** A UI server that gives orders to the web server in front of the gateway, which takes them from what it proxies. */
const orders = [
  'X-Accel-Redirect: /protected/secret.txt',
  'X-Accel-Expires: 3600',
  'X-Accel-Limit-Rate: 1',
  'X-Accel-Charset: utf-7',
  'X-Accel-Buffering: yes',
  'X_Accel_Redirect: /protected/secret.txt',
  'X-Sendfile: /etc/passwd',
  'X-SendFile-Temporary: /etc/passwd',
  'X-Sendfile2: /etc/passwd 0-',
  'X-LIGHTTPD-send-file: /etc/passwd',
  'X-LIGHTTPD-KBytes-per-second: 1',
  'X-LiteSpeed-Location: /protected/secret.txt',
  'X-LiteSpeed-Cache-Control: public,max-age=3600',
  'X-LiteSpeed-Purge: *',
  'X-Reproxy-URL: http://169.254.169.254/',
  'X-Reproxy-File: /etc/passwd',
  'X-AppEngine-BlobKey: x',
  'X-Envoy-Immediate-Health-Check-Fail: true',
  'Surrogate-Control: max-age=3600, content="ESI/1.0"',
  'Surrogate-Key: all',
  'CDN-Cache-Control: public, max-age=3600',
  'Cloudflare-CDN-Cache-Control: public, max-age=3600',
  'Vercel-CDN-Cache-Control: public, max-age=3600',
  'Edge-Control: !no-store, max-age=1d',
  'Edge-Cache-Tag: x',
  'Cache-Tag: x',
];
const kept = ['X-Accel-Buffering: no', 'Cache-Control: no-store', 'X-Mine: 1'];
const lines = [...orders, ...kept].join('\r\n');
const given = new RegExp(orders.map((line) => `^${line.split(':', 1)[0]}:(?! no\r)`).join('|'), 'im');

const answers: Record<string, (request: Received) => void> = {
  'the head of an answer': ({ socket }) =>
    void socket.write(`HTTP/1.1 200 OK\r\n${lines}\r\nContent-Length: 2\r\n\r\nok`),
  'an interim answer': ({ socket }) =>
    void socket.write(`HTTP/1.1 103 Early Hints\r\n${lines}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`),
  'a trailer section': ({ socket }) =>
    void socket.write(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${lines}\r\nX-Accel-Buffering: no\r\n\r\n`,
    ),
  'a refused upgrade': ({ socket }) =>
    void socket.end(`HTTP/1.1 403 Forbidden\r\n${lines}\r\nContent-Length: 2\r\n\r\nok`),
  'an agreed upgrade': ({ socket }) =>
    void socket.end(
      `HTTP/1.1 101 Switching Protocols\r\n${lines}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ),
};

describe.each([true, false])('lane %s', (lane) => {
  let world: HopWorld;
  let answer: (request: Received) => void;
  beforeAll(async () => {
    world = await openHopWorld({ config: { lane }, answer: (request) => answer(request) });
  });
  afterAll(() => world.close());

  test.each(Object.keys(answers))('%s gives none', async (name) => {
    answer = answers[name]!;
    const upgrade = name.endsWith('upgrade');
    const head = 'GET /user/alice/x HTTP/1.1';
    const got = await world.raw(
      upgrade ? bytesOf(head, [...signedIn, ...handshake]) : get(['TE: trailers', 'Connection: close']),
    );
    expect(got).toContain('X-Mine: 1');
    expect(got).not.toMatch(given);
    if (name !== 'a trailer section') expect(got).toContain('X-Accel-Buffering: no');
  });
});

test('`proxy` passes none either', () => {
  const options = { xForward: true, changeOrigin: false, autoRewrite: false, protocolRewrite: undefined };
  const side = { address: '10.0.0.1', secure: true, host: 'h', upgrade: false };
  const rules = toClient(side, new URL('http://127.0.0.1:1'), { ...options, customHeaders: new Map() });
  const raw = [...orders, ...kept].flatMap((line) => line.split(': ', 2));
  expect(rules.response(raw)).toEqual(kept.flatMap((line) => line.split(': ', 2)));
});

describeWith(['nginx'], 'behind a real nginx', () => {
  const dir = mkdtempSync(join(tmpdir(), 'orders-'));
  let world: HopWorld;
  let front: FrontProxy;
  beforeAll(async () => {
    mkdirSync(join(dir, 'protected'), { mode: 0o755 });
    writeFileSync(join(dir, 'protected/secret.txt'), 'of another application');
    world = await openHopWorld({ answer: answers['the head of an answer']! });
    const upstream = `proxy_pass http://127.0.0.1:${world.port}; proxy_set_header Host $http_host;`;
    front = await startNginxWith(
      (port) => `server {
        listen 127.0.0.1:${port};
        location /protected/ { internal; alias ${dir}/protected/; }
        location /user/ { ${upstream} }
        location /obeys/ { proxy_pass http://127.0.0.1:${port}/orders/; }
        location /orders/ { add_header X-Accel-Redirect /protected/secret.txt; return 200 "own"; }
      }`,
    );
  });
  afterAll(async () => {
    await front.end();
    await world.close();
    rmSync(dir, { recursive: true });
  });

  test('a server gets nothing of what nginx would send for others', async () => {
    const at = `http://127.0.0.1:${front.port}`;
    expect(await (await fetch(`${at}/obeys/x`)).text()).toBe('of another application');
    const answer = await fetch(`${at}/user/alice/x`, { headers: { cookie } });
    expect([answer.status, await answer.text()]).toEqual([200, 'ok']);
  });
});
