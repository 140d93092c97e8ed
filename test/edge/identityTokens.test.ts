import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { badTokens } from '../helpers/badTokens.ts';
import type { BadToken } from '../helpers/badTokens.ts';
import { startWorker } from './workerd.ts';
import type { RunningWorker } from './workerd.ts';

/** The bad tokens of the gateway's own test, in real workerd: none reaches the origin, and the client learns no reason. */
let worker: RunningWorker;
let bad: BadToken[];
let good: string;
const reached: string[] = [];
let keys: object = {};
const origin = createServer((request, response) => {
  if (request.url === '/keys') return void response.end(JSON.stringify(keys));
  reached.push(request.url ?? '');
  return void response.end('origin');
}).listen(0, '127.0.0.1');
origin.on('upgrade', (request, socket) => {
  reached.push(request.url ?? '');
  socket.destroy();
});

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('Ed25519', { extractable: true });
  keys = { keys: [{ ...(await exportJWK(publicKey)), kid: 'one', alg: 'EdDSA', use: 'sig' }] };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: 'https://sso.example', aud: 'cylc', sub: 'alice', exp: now + 3600, iat: now - 5 };
  const header = { alg: 'EdDSA', kid: 'one' };
  good = await new SignJWT(claims).setProtectedHeader(header).sign(privateKey);
  const all = await badTokens({ header, claims, key: await exportJWK(privateKey) });
  // Whether the account may sign in is the gateway's to say: it alone knows the system's users.
  bad = all.filter(({ code }) => code !== 'auth.no-account');
  const url = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`;
  worker = await startWorker({
    ORIGIN: url,
    PUBLIC_URL: 'http://localhost:8787',
    ISSUER: 'https://sso.example',
    JWKS_URL: `${url}/keys`,
    AUDIENCE: 'cylc',
    TOKEN_COOKIE: 'sso',
  });
});
afterAll(async () => {
  await worker.close();
  origin.closeAllConnections();
  origin.close();
});

const ask = (token: string): Promise<Response> =>
  fetch(`${worker.url}/user/alice/api`, { headers: { cookie: `a=1; sso=${token}` } });

test('a good one passes, so the others are refused for what is wrong with them', async () => {
  expect((await ask(good)).status).toBe(200);
  expect(reached.splice(0)).toEqual(['/user/alice/api']);
});

test('each is refused, and none reaches the origin', async () => {
  expect(bad.length).toBeGreaterThanOrEqual(120);
  const passed: string[] = [];
  for (const { name, token } of bad) {
    const answer = await ask(token);
    const { code, message } = (await answer.json()) as { code: string; message: string };
    const general =
      ['auth.invalid', 'auth.expired'].includes(code) && /^Your sign-in (is not valid|has expired)/.test(message);
    if (answer.status !== 401 || !general) passed.push(`${name}: ${answer.status} ${code} ${message}`);
  }
  expect(passed).toEqual([]);
  expect(reached).toEqual([]);
});

test('nor does one by a WebSocket upgrade', async () => {
  const statuses = new Map<string, number>();
  for (const { name, token } of bad) {
    const socket = new WebSocket(`${worker.url.replace('http', 'ws')}/user/alice/cylc/subscriptions`, {
      headers: { cookie: `sso=${token}`, origin: 'http://localhost:8787' },
    });
    socket.on('error', () => {});
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    if (answer.statusCode !== 401) statuses.set(name, answer.statusCode);
    socket.terminate();
  }
  expect([...statuses]).toEqual([]);
  expect(reached).toEqual([]);
});
