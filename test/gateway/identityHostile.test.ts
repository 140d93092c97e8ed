import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import type { JWK } from 'jose';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { badTokens } from '../helpers/badTokens.ts';
import type { BadToken, GoodToken } from '../helpers/badTokens.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { until } from '../helpers/until.ts';

/** Every bad token against the program, by HTTP and by upgrade: refused, for its own reason, which only the log tells. */
let gateway: GatewayProcess;
let start: () => Promise<GatewayProcess>;
let tokens: BadToken[];

beforeAll(async () => {
  const { privateKey, publicKey } = await generateKeyPair('Ed25519', { extractable: true });
  const name = { kid: 'one', alg: 'EdDSA', use: 'sig' };
  const set = { keys: [{ ...(await exportJWK(publicKey)), ...name }] };
  const dataDir = dataFolder('bad');
  const config = join(dataDir, 'gateway.yaml');
  await writeFile(join(dataDir, 'keys.json'), JSON.stringify(set));
  const entry = `{ issuer: https://sso.example, audience: cylc, jwksFile: ${dataDir}/keys.json, algorithms: [EdDSA], cookie: sso }`;
  await writeFile(config, `identity:\n  issuers: [${entry}]\n`);
  start = () => startGateway({ dataDir, args: ['--config', config], env: { PATH: '/usr/bin:/bin' } });
  gateway = await start();
  tokens = await badTokens(goodToken(await exportJWK(privateKey)));
});
afterAll(() => gateway.end());

function goodToken(key: JWK): GoodToken {
  const now = Math.floor(Date.now() / 1000);
  return {
    header: { alg: 'EdDSA', kid: 'one' },
    claims: { iss: 'https://sso.example', aud: 'cylc', sub: 'alice', exp: now + 3600, iat: now - 5 },
    key,
  };
}

interface LogLine {
  requestId?: string;
  code?: string;
  reason?: string;
}

function logged(): Map<string, LogLine> {
  const lines = gateway
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"level"'));
  const parsed = lines.map((line) => JSON.parse(line) as LogLine);
  return new Map(parsed.flatMap((line) => (line.requestId === undefined ? [] : [[line.requestId, line]])));
}

interface Refusal {
  status: number;
  requestId: string;
  body: string;
}

async function byHttp({ token }: BadToken): Promise<Refusal> {
  const headers = { cookie: `a=1; sso=${token}; b=2` };
  const answer = await request(`${gateway.origin}/user/alice/api`, { headers });
  return {
    status: answer.statusCode,
    requestId: String(answer.headers['x-request-id']),
    body: await answer.body.text(),
  };
}

async function byUpgrade({ token }: BadToken): Promise<Refusal> {
  const url = `${gateway.origin.replace('http', 'ws')}/user/alice/cylc/subscriptions`;
  const socket = new WebSocket(url, { headers: { cookie: `sso=${token}`, origin: gateway.origin } });
  socket.on('error', () => {});
  const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, import('node:http').IncomingMessage];
  let body = '';
  for await (const chunk of answer.setEncoding('utf8')) body += String(chunk);
  return { status: answer.statusCode ?? 0, requestId: String(answer.headers['x-request-id']), body };
}

test('there are enough of them, each of its own kind', () => {
  expect(tokens.length).toBeGreaterThanOrEqual(120);
  expect(new Set(tokens.map(({ name }) => name)).size).toBe(tokens.length);
});

test.each([
  ['HTTP', byHttp],
  ['a WebSocket upgrade', byUpgrade],
])('each is refused by %s for its own reason, and the client learns nothing of it', async (_, ask) => {
  // A gateway of its own: one logs only so many refusals at once.
  await gateway.end();
  gateway = await start();
  const answers = new Map<BadToken, Refusal>();
  for (const bad of tokens) answers.set(bad, await ask(bad));
  await until(() => logged().has([...answers.values()].at(-1)?.requestId ?? ''));
  const lines = logged();
  const wrong = [...answers].flatMap(([bad, { status, requestId, body }]) => {
    const line = lines.get(requestId) ?? {};
    const right =
      status === (bad.code === 'auth.no-account' ? 403 : 401) &&
      (line.code === bad.code || (bad.code === 'auth.expired' && line.code === 'auth.invalid')) &&
      bad.reason.test(line.reason ?? '') &&
      !body.includes(line.reason ?? '');
    return right ? [] : [`${bad.name}: ${status} ${line.code} ${line.reason} ${body.slice(0, 80)}`];
  });
  expect(wrong).toEqual([]);
  for (const bad of tokens) if (bad.token.length > 40) expect(gateway.output()).not.toContain(bad.token);
});

test('a good one, of nobody here, gets as far as the account; so the others were refused for what is wrong with them', async () => {
  const stranger = tokens.find(({ name }) => name.includes('no-such-user'));
  const { status, body } = await byHttp(stranger as BadToken);
  expect([status, JSON.parse(body)]).toEqual([403, expect.objectContaining({ code: 'auth.no-account' })]);
});
