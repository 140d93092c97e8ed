import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { systemClock } from '../../src/clock.ts';
import { proxySchema } from '../../src/config/sections/proxy.ts';
import { GatewayError } from '../../src/errors.ts';
import { createFrontDoor } from '../../src/proxy/frontDoor.ts';
import { createHop } from '../../src/proxy/hop.ts';
import { renderPlainly } from '../../src/proxy/plainRefusal.ts';
import { createRoutes } from '../../src/proxy/routes.ts';
import type { Authorize } from '../../src/proxy/types.ts';
import { until } from '../helpers/until.ts';

const dir = mkdtempSync(join(tmpdir(), 'hop-'));
const log = pino({ level: 'silent' });
const config = proxySchema.parse({});
const publicUrl = 'http://localhost:8000';
const alice = { kind: 'server', owner: 'alice', name: '' } as const;
/** All that reached the upstream, as lines of text. */
let arrived: string[] = [];
let cancelled = 0;
const big = Buffer.alloc(3 * 1024 * 1024, 'x');

const upstream = createServer((req, res) => {
  arrived.push(`${req.method} ${req.url}`, ...pairsOf(req));
  if (req.url?.endsWith('/big') === true) res.end(big);
  else if (req.url?.endsWith('/break') === true) {
    res.writeHead(200, { 'content-length': '10' });
    res.write('12345', () => req.socket.destroy());
  } else if (req.url?.endsWith('/stream') === true) {
    res.write('first');
    res.on('close', () => (cancelled += 1));
  } else if (req.url?.endsWith('/none') === true) res.writeHead(204).end();
  else if (req.method === 'POST') void text(req).then((body) => res.end(body));
  else {
    res.setHeader('set-cookie', ['a=1; Path=/; Domain=x.example', 'b=2', 'cylc-gateway=stolen']);
    res.end('hello');
  }
});
const sockets = new WebSocketServer({ server: upstream });
sockets.on('connection', (socket, req) => {
  arrived.push(`UPGRADE ${req.url}`, ...pairsOf(req));
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});

const routes = createRoutes();
let touched = 0;
let aheadMs = 0;
const clock = { now: () => systemClock.now() + aheadMs };
const hop = createHop({ config, publicUrl, log, clock, onActivity: () => (touched += 1) });
const account = { name: 'alice', uid: 1, gid: 1, home: '/', shell: '/', displayName: '', groups: [], admin: false };
const authorize: Authorize = (gate) => {
  const match = routes.match(gate.path);
  if (match === undefined) return { kind: 'app' };
  if (gate.cookie?.includes('cylc-gateway=good') !== true)
    return { kind: 'refuse', error: new GatewayError('auth.required'), reason: 'test' };
  if (match.route === undefined)
    return { kind: 'refuse', error: new GatewayError('request.not-found'), reason: 'test' };
  const identity = { account, sessionId: 's1', issuer: 'i', expiresAt: Date.now() + 60_000, via: 'cookie' } as const;
  return {
    kind: 'hop',
    route: match.route,
    identity,
    access: { allowed: true, level: 'owner', reason: 'owner' },
    dropCookie: () => false,
  };
};
const door = createFrontDoor({
  authorize,
  hop,
  render: renderPlainly,
  basePath: '',
  config,
  log,
  app: (_, res) => res.end('app'),
});
const cookie = 'cylc-gateway=good; keep=1';
let port: number;

beforeAll(async () => {
  upstream.listen(join(dir, 'u.sock'));
  door.listen(0, '127.0.0.1');
  await Promise.all([once(upstream, 'listening'), once(door, 'listening')]);
  port = (door.address() as AddressInfo).port;
  routes.open(alice, { kind: 'unix', path: join(dir, 'u.sock') });
  routes.open({ kind: 'server', owner: 'gone', name: '' }, { kind: 'unix', path: join(dir, 'none.sock') });
});
afterAll(async () => {
  await hop.close();
  door.closeAllConnections();
  door.close();
  upstream.closeAllConnections();
  upstream.close();
  rmSync(dir, { recursive: true });
});

function pairsOf(req: IncomingMessage): string[] {
  return req.rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${req.rawHeaders[i + 1]!}`] : []));
}

async function ask(path: string, options: { method?: string; headers?: Record<string, string>; body?: string } = {}) {
  const req = request({ port, host: '127.0.0.1', path, method: options.method ?? 'GET', agent: false });
  for (const [name, value] of Object.entries({ cookie, ...options.headers })) req.setHeader(name, value);
  req.end(options.body);
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  return { status: res.statusCode, headers: res.headers, body: await text(res) };
}

/** Sends bytes as they are and returns all that comes back until the connection is closed. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(bytes);
  return text(socket).catch(() => '');
}

function openSocket(options: object = {}): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${port}/user/alice/ws`, { headers: { cookie }, ...options });
}

test('a request is carried without our cookie, Authorization and forged headers; its cookies come back confined', async () => {
  arrived = [];
  const got = await ask('/user/alice/x?q=1', { headers: { authorization: 'Bearer t', x_forwarded_for: '1.1.1.1' } });
  expect(got).toMatchObject({ status: 200, body: 'hello' });
  expect(got.headers['set-cookie']).toEqual(['a=1; Path=/user/alice/', 'b=2; Path=/user/alice/']);
  expect(got.headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/);
  expect(arrived).toContain('GET /user/alice/x?q=1');
  expect(arrived).toContain('cookie: keep=1');
  expect(arrived).toContain('X-Forwarded-For: 127.0.0.1');
  expect(arrived.join('\n')).not.toMatch(/cylc-gateway|authorization|1\.1\.1\.1/i);
});

test('bodies go both ways, with length, chunked and after a 100-continue', async () => {
  const body = 'y'.repeat(500_000);
  const post = (headers: Record<string, string>) => ask('/user/alice/p', { method: 'POST', body, headers });
  expect((await post({ 'content-length': String(body.length) })).body).toBe(body);
  expect((await post({ 'transfer-encoding': 'chunked' })).body).toBe(body);
  const head = `POST /user/alice/p HTTP/1.1\r\nHost: h\r\nCookie: ${cookie}\r\nConnection: close\r\n`;
  const answer = await raw(`${head}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`);
  expect(answer).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK[^]*abc/);
});

test('HEAD, 204 and big answers are right', async () => {
  expect(await ask('/user/alice/x', { method: 'HEAD' })).toMatchObject({ status: 200, body: '' });
  expect(await ask('/user/alice/none')).toMatchObject({ status: 204, body: '' });
  expect((await ask('/user/alice/big')).body.length).toBe(big.length);
});

test('an answer that the upstream breaks off is broken off for the client too, not completed', async () => {
  await expect(ask('/user/alice/break')).rejects.toThrow(/aborted/);
});

test('a client that leaves cancels the exchange upstream', async () => {
  const req = request({ port, host: '127.0.0.1', path: '/user/alice/stream', headers: { cookie }, agent: false }).end();
  const [res] = (await once(req, 'response')) as [IncomingMessage];
  await once(res, 'data');
  res.destroy();
  await until(() => cancelled === 1);
});

test('an upstream that is not there gives 502 without its address', async () => {
  const got = await ask('/user/gone/');
  expect(got.status).toBe(502);
  expect(got.body).not.toContain('sock');
});

test('a visitor without a session is refused alike by HTTP and by upgrade', async () => {
  expect((await ask('/user/alice/x', { headers: { cookie: 'a=1' } })).status).toBe(401);
  const [error] = (await once(openSocket({ headers: { cookie: 'a=1' } }), 'error')) as [Error];
  expect(error.message).toContain('401');
});

test('favicon, robots and login of a server are answered here', async () => {
  expect((await ask('/user/alice/favicon.ico')).status).toBe(204);
  expect((await ask('/user/alice/robots.txt')).status).toBe(200);
  expect((await ask('/user/alice/login')).status).toBe(404);
  expect((await ask('/hub/home')).body).toBe('app');
});

test('a WebSocket echoes, and is closed with code and reason when its session ends', async () => {
  arrived = [];
  const before = touched;
  const socket = openSocket({ headers: { cookie }, origin: publicUrl });
  await once(socket, 'open');
  socket.send('hi');
  expect(String((await once(socket, 'message'))[0])).toBe('hi');
  expect(touched, 'what a page subscribes to by itself').toBe(before);
  aheadMs = 6000;
  socket.send('hi');
  await once(socket, 'message');
  aheadMs = 0;
  expect(touched, 'what a person does later').toBe(before + 1);
  expect(arrived.join('\n')).not.toContain('cylc-gateway');
  expect(hop.connections.count()).toBe(1);
  expect(hop.connections.closeWhere((info) => info.sessionId === 's1', 4401, 'signed out')).toBe(1);
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  expect([code, String(reason)]).toEqual([4401, 'signed out']);
  await until(() => hop.connections.count() === 0);
});

const get = (path: string, ...headers: string[]): string => [`GET ${path} HTTP/1.1`, ...headers, '', ''].join('\r\n');
const post = (...headers: string[]): string =>
  ['POST /user/alice/ HTTP/1.1', 'Host: h', ...headers, '', ''].join('\r\n');
const upgrade = [
  'Host: h',
  `Cookie: ${cookie}`,
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
];
test.each([
  ['absolute form', get('http://h/user/alice/', 'Host: h')],
  ['two lengths', `${post('Content-Length: 1', 'Content-Length: 2')}ab`],
  ['length and coding', `${post('Content-Length: 5', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
  ['dot segments', get('/user/alice/../bob/', 'Host: h')],
  ['no host', get('/user/alice/')],
  ['space before colon', get('/user/alice/', 'Host: h', 'X-A : b')],
  ['bare LF', 'GET /user/alice/ HTTP/1.1\nHost: h\n\n'],
  ['folded header', get('/user/alice/', 'Host: h', 'X-A: b', ' c')],
  ['dot segments in an upgrade', get('/user/alice/../bob/', ...upgrade)],
  ['upgrade without a key', get('/user/alice/', ...upgrade)],
])('%s: 400, connection closed, nothing upstream', async (_, bytes) => {
  arrived = [];
  expect(await raw(bytes)).toMatch(/^HTTP\/1\.1 400 /);
  expect(arrived).toEqual([]);
});
