import { once } from 'node:events';
import { generateKeyPair, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startOrigin } from './origin.ts';
import type { Origin } from './origin.ts';
import { startWorker } from './workerd.ts';
import type { RunningWorker } from './workerd.ts';

const publicUrl = 'http://localhost:8787';
const secret = 'a secret of the tests, thirty-two characters long';
let origin: Origin;
let worker: RunningWorker;

beforeAll(async () => {
  origin = await startOrigin();
  worker = await startWorker({ ORIGIN: origin.url, PUBLIC_URL: publicUrl, EDGE_SECRET: secret });
});
afterAll(async () => {
  await worker.close();
  await origin.close();
});
beforeEach(() => {
  origin.seen.length = 0;
});

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${worker.url}${path}`, { headers, redirect: 'manual' });
}

async function cookie(token?: string): Promise<{ cookie: string }> {
  return { cookie: `other=1; cylc-gateway=${token ?? (await origin.token())}` };
}

test('who is not signed in is refused here: a page load is sent to sign in, a program gets 401', async () => {
  const page = await get('/user/alice/cylc?x=1', { accept: 'text/html' });
  expect(page.status).toBe(302);
  expect(page.headers.get('location')).toBe('/hub/login?next=%2Fuser%2Falice%2Fcylc%3Fx%3D1');
  const program = await get('/user/alice/api');
  expect(program.status).toBe(401);
  expect(await program.json()).toMatchObject({ code: 'auth.required' });
  expect(origin.seen).toEqual([]);
});

test('a forged, expired, unsigned or foreign token gets no further', async () => {
  const stranger = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  const forged = await new SignJWT({ iss: `${publicUrl}/hub`, sub: 'alice' })
    .setProtectedHeader({ alg: 'EdDSA', kid: 'one', typ: 'cylc-session+jwt' })
    .setAudience('cylc-gateway')
    .setExpirationTime('5m')
    .sign(stranger.privateKey);
  const [, payload] = (await origin.token()).split('.');
  const unsigned = `${btoa('{"alg":"none"}').replaceAll('=', '')}.${payload}.`;
  const tokens = [
    forged,
    unsigned,
    await origin.token({}, { expiresIn: '-5m' }),
    await origin.token({}, { audience: 'another' }),
    await origin.token({}, { typ: 'logout+jwt' }),
    await origin.token({ iss: 'https://another.example' }),
  ];
  for (const token of tokens) expect((await get('/user/alice/', await cookie(token))).status).toBe(401);
  expect(origin.seen).toEqual([]);
});

test('a good token passes, with method, path, query, body and cookies unchanged', async () => {
  const headers = await cookie();
  const response = await fetch(`${worker.url}/user/alice/cylc/a%20b?q=%2F`, { method: 'POST', headers, body: 'hello' });
  expect(await response.text()).toBe('origin 1');
  expect(origin.seen[0]).toMatchObject({ method: 'POST', url: '/user/alice/cylc/a%20b?q=%2F', body: 'hello', headers });
});

test('what is forwarded is signed for this very request, and a header that the client made up is gone', async () => {
  await get('/user/alice/page?x=1', {
    ...(await cookie()),
    'x-cylc-gateway-edge': 'made up',
    'x-forwarded-for': '6.6.6.6',
    'Remote-User': 'root',
    X_Remote_User: 'root',
  });
  const headers = origin.seen[0]?.headers ?? {};
  const { payload } = await jwtVerify(String(headers['x-cylc-gateway-edge']), new TextEncoder().encode(secret), {
    issuer: 'cylc-gateway-edge',
    audience: 'cylc-gateway',
    typ: 'cylc-gateway-edge+jwt',
  });
  expect(payload).toMatchObject({ sub: 'alice', htm: 'GET', htu: '/user/alice/page?x=1' });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(60);
  expect(headers['x-forwarded-for']).not.toBe('6.6.6.6');
  expect(Object.keys(headers).filter((name) => name.includes('user') && name !== 'user-agent')).toEqual([]);
});

test("the gateway's own pages and Hub tokens, which only it can judge, pass", async () => {
  expect((await get('/hub/login')).status).toBe(200);
  expect((await get('/user/alice/api', { authorization: 'token 0123456789abcdef' })).status).toBe(200);
  const redirect = await get('/hub/redirect');
  expect([redirect.status, redirect.headers.get('location'), redirect.headers.get('set-cookie')]).toEqual([
    302,
    '/hub/home',
    'a=1',
  ]);
});

test('private pages are never cached, even where the origin lets them; keys are fetched once', async () => {
  const headers = await cookie();
  expect(await (await get('/user/alice/page', headers)).text()).toBe('origin 1');
  expect(await (await get('/user/alice/page', headers)).text()).toBe('origin 2');
  expect(origin.keyFetches()).toBe(1);
});

test('no service worker is installed, and one from earlier removes itself, whoever asks', async () => {
  const answer = await get('/user/alice/sw.js', { 'service-worker': 'script' });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('service-worker-allowed')).toBe('/');
  expect(await answer.text()).toContain('registration.unregister()');
  expect(origin.seen).toEqual([]);
});

test('a path that two programs could read in two ways is refused', async () => {
  const headers = await cookie();
  for (const path of ['/user/alice%2fbob/', '/user//alice/', '/user/a%5cb/'])
    expect((await get(path, headers)).status, path).toBe(400);
  expect(origin.seen).toEqual([]);
});

test('a gateway that is down is told apart from a fault of the Worker', async () => {
  const lonely = await startWorker({ ORIGIN: 'http://127.0.0.1:1', PUBLIC_URL: publicUrl });
  const answer = await fetch(`${lonely.url}/hub/home`);
  expect([answer.status, await answer.json()]).toMatchObject([502, { code: 'upstream.connect' }]);
  await lonely.close();
});

test('a WebSocket passes with its subprotocol, text and binary', async () => {
  const headers = { ...(await cookie()), origin: publicUrl };
  const socket = new WebSocket(`${worker.url.replace('http', 'ws')}/user/alice/subscriptions`, 'graphql-transport-ws', {
    headers,
  });
  await once(socket, 'open');
  expect(socket.protocol).toBe('graphql-transport-ws');
  for (const message of ['hello', Buffer.from([0, 1, 2])]) {
    const answered = once(socket, 'message');
    socket.send(message);
    const [data, binary] = (await answered) as [Buffer, boolean];
    expect([binary, data.toString()]).toEqual([typeof message !== 'string', message.toString()]);
  }
  socket.close();
  await once(socket, 'close');
});

test.each([
  ['without a sign-in', {}, 401],
  ['from a page of another site', { origin: 'https://evil.example' }, 403],
])('a WebSocket %s is refused', async (_, extra, status) => {
  const signedIn = status === 403 ? await cookie() : {};
  const socket = new WebSocket(`${worker.url.replace('http', 'ws')}/user/alice/subscriptions`, {
    headers: { ...signedIn, ...extra },
  });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(status);
  socket.terminate();
  expect(origin.seen).toEqual([]);
});
