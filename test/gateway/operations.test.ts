import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommand } from '../helpers/command.ts';
import { ownerOf, signIn, startServer, withoutCylc } from '../helpers/firstVisit.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { ownToken } from '../helpers/ownToken.ts';
import { describeWith } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** Metrics, health and readiness of the program itself. */
let gateway: GatewayProcess;
let owner: string;
let visitor: Visitor;
let guest: Visitor;
let local: string;

beforeAll(async () => {
  const port = await freePort();
  local = `http://127.0.0.1:${port}`;
  gateway = await startGateway({ args: ['--set', `metrics.listen.port=${port}`], env: withoutCylc });
  owner = ownerOf(gateway);
  [visitor, guest] = [new Visitor(gateway.origin), new Visitor(gateway.origin)];
  await signIn(gateway, visitor, owner);
  await signIn(gateway, guest, 'guest');
  await runCommand(['users', 'edit', owner, '--admin', '--data', gateway.dataDir], { cwd: gateway.dataDir });
});
afterAll(() => gateway.end());

async function numbers(): Promise<Map<string, number>> {
  const text = await (await fetch(`${local}/metrics`)).text();
  const lines = [...text.matchAll(/^([a-z_0-9]+(?:\{.*\})?) ([0-9.e+-]+|NaN)$/gm)];
  return new Map(lines.map(([, name = '', value = '']) => [name, Number(value)]));
}

test('alive and ready are told to anyone, in no more words than that', async () => {
  for (const at of [`${gateway.origin}/hub`, local]) {
    const health = await fetch(`${at}/health`);
    expect([health.status, await health.json()]).toEqual([200, { status: 'ok' }]);
    const ready = await fetch(`${at}/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { status: 'ready', checks: { listening: true, reconciled: true, store: true, workers: true } },
    ]);
  }
  expect((await fetch(`${gateway.origin}/hub/health`, { method: 'HEAD' })).status).toBe(200);
});

test('every line is as Prometheus wants it, and none names a person', async () => {
  const answer = await fetch(`${local}/metrics`);
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  const wrong = text.split('\n').filter((line) => {
    if (line === '' || line.startsWith('# HELP ') || line.startsWith('# TYPE ')) return false;
    return !/^[a-z_0-9]+(?:\{(?:[a-z]+="[^"\\]*",?)*\})? (?:[0-9.e+-]+|NaN|\+Inf)$/i.test(line);
  });
  expect(wrong).toEqual([]);
  // As a word: somebody may be called as a part of one.
  const words = new Set(text.split(/[^\w-]+/));
  expect([words.has(owner), words.has('guest')]).toEqual([false, false]);
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  expect(text).toContain('process_open_fds');
});

test('a sign-in, a start, what is carried and a WebSocket are counted', async () => {
  const before = await numbers();
  expect(before.get('cylc_gateway_sign_ins_total{method="link",outcome="ok"}')).toBe(2);
  await startServer(gateway, visitor, owner);
  expect((await numbers()).get('cylc_gateway_servers{phase="ready"}')).toBe(1);
  for (let at = 0; at < 5; at += 1) await visitor.get(`/user/${owner}/`);
  const socket = visitor.websocket(`/user/${owner}/cylc/subscriptions`);
  await once(socket, 'open');
  const open = await numbers();
  expect(open.get('cylc_gateway_websockets{kind="server"}')).toBe(1);
  expect(open.get('cylc_gateway_client_connections{state="websocket"}')).toBe(1);
  socket.close();
  await once(socket, 'close');
  await until(async () => (await numbers()).get('cylc_gateway_websockets{kind="server"}') === 0);
  const after = await numbers();
  expect(after.get('cylc_gateway_requests_total{kind="server",status="2xx"}')).toBeGreaterThanOrEqual(5);
  expect(after.get('cylc_gateway_hop_seconds_count{kind="server"}')).toBeGreaterThanOrEqual(5);
  const count = after.get('cylc_gateway_hop_seconds_count{kind="server"}');
  expect(after.get('cylc_gateway_hop_seconds_bucket{kind="server",le="+Inf"}')).toBe(count);
  const starts = [...after].filter(([name]) => /^cylc_gateway_start_seconds_count\{.*outcome="ready"\}$/.test(name));
  expect(starts.map(([, value]) => value)).toEqual([1]);
  expect(after.get('cylc_gateway_store_write_seconds_count{document="state"}')).toBeGreaterThan(0);
  expect(after.get('cylc_gateway_store_bytes{document="state"}')).toBeGreaterThan(0);
  expect(after.get('cylc_gateway_token_checks_total{outcome="cached"}')).toBeGreaterThan(0);
});

test('what the parser itself refuses is counted too', async () => {
  const name = 'cylc_gateway_refusals_total{code="request.malformed",upgrade="false"}';
  const before = (await numbers()).get(name) ?? 0;
  const socket = connect(Number(new URL(gateway.origin).port), '127.0.0.1');
  socket.end('GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n');
  await once(socket.resume(), 'close');
  expect((await numbers()).get(name)).toBe(before + 1);
});

test('metrics are denied to strangers, to people, to tokens without the scope and to scripts; as a page and as an upgrade', async () => {
  const denied = async (headers: Record<string, string>): Promise<number> => {
    const answer = await fetch(`${gateway.origin}/hub/metrics`, { headers });
    expect(await answer.text()).not.toContain('cylc_gateway_requests_total');
    return answer.status;
  };
  const cookie = visitor.cookieHeader('/hub/metrics');
  expect(await denied({})).toBe(403);
  expect(await denied({ authorization: 'token cgw_none' })).toBe(403);
  expect(await denied({ authorization: `token ${await ownToken(visitor, 'run')}` })).toBe(403);
  expect(await denied({ authorization: `token ${await ownToken(guest)}` })).toBe(403);
  expect(await denied({ cookie: guest.cookieHeader('/hub/metrics'), 'sec-fetch-mode': 'navigate' })).toBe(403);
  expect(await denied({ cookie, 'sec-fetch-mode': 'cors' })).toBe(403);
  const socket = visitor.websocket('/hub/metrics');
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
  expect(response.statusCode).toBe(404);
  expect((await numbers()).get('cylc_gateway_refusals_total{code="access.denied",upgrade="false"}')).toBeGreaterThan(4);
});

test('metrics are for an admin’s page load, and for a token with the scope', async () => {
  const page = await visitor.get('/hub/metrics');
  expect(page.status).toBe(200);
  expect(page.body).toContain('cylc_gateway_requests_total');
  const answer = await fetch(`${gateway.origin}/hub/metrics`, {
    headers: { authorization: `token ${await ownToken(visitor)}` },
  });
  expect(answer.status).toBe(200);
});

test('a listener for metrics that others could reach is refused at the start', async () => {
  const other = await startGateway({
    args: ['--set', 'metrics.listen.port=9', '--set', 'metrics.listen.host=0.0.0.0'],
  });
  expect(other.child.exitCode).toBe(78);
  expect(other.output()).toContain('/hub/metrics');
});

describeWith(['root'], 'a disk that is full', () => {
  test('is alive and not ready, and both again when there is room; what was denied meanwhile is written then', async () => {
    const dataDir = shortFolder('ready');
    sh('mount', '-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', dataDir);
    const small = await startGateway({ dataDir, env: withoutCylc });
    try {
      const ready = async () => (await (await fetch(`${small.origin}/hub/ready`)).json()) as { checks: object };
      expect(await ready()).toMatchObject({ status: 'ready' });
      fill(join(dataDir, 'ballast'));
      await runCommand(['groups', 'add', 'wx', '--data', dataDir], { cwd: dataDir });
      await until(async () => JSON.stringify(await ready()).includes('"store":false'));
      expect((await fetch(`${small.origin}/hub/ready`)).status).toBe(503);
      expect((await fetch(`${small.origin}/hub/health`)).status).toBe(200);
      await fetch(`${small.origin}/hub/metrics`);
      rmSync(join(dataDir, 'ballast'));
      await until(async () => (await fetch(`${small.origin}/hub/ready`)).status === 200);
      const audit = () => readFileSync(join(dataDir, 'audit.jsonl'), 'utf8');
      await until(() => audit().includes('/hub/metrics'), 30_000, audit);
    } finally {
      await small.end();
      sh('umount', '-l', dataDir);
    }
  });
});

/** To the last page. */
function fill(path: string): void {
  for (let pages = 0; pages < 1000; pages += 1)
    try {
      writeFileSync(path, Buffer.alloc(4096), { flag: 'a' });
    } catch {
      return;
    }
}

function sh(...words: string[]): void {
  const { status, stderr } = spawnSync(words[0] ?? '', words.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
}
