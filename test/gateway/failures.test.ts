import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '../helpers/chp.ts';
import type { ChpAnswer } from '../helpers/chp.ts';
import { ownerOf, signIn, withoutCylc } from '../helpers/firstVisit.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** Every way in which a visit fails, in the program itself: a page for people, JSON for programs, one line in the log, one id in all. */
let gateway: GatewayProcess;
let guest: Visitor;
let mute: Server;
let owner: string;

beforeAll(async () => {
  mute = createServer((socket) => void socket.on('error', () => undefined).resume());
  mute.listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const services = [
    { name: 'gone', kind: 'external', url: `http://127.0.0.1:${await freePort()}` },
    { name: 'mute', kind: 'external', url: `http://127.0.0.1:${(mute.address() as AddressInfo).port}` },
  ];
  const settings = ['log.level=info', 'log.format=json', 'proxy.headersTimeoutS=1'];
  gateway = await startGateway({
    args: settings.flatMap((setting) => ['--set', setting]),
    env: { ...withoutCylc, CYLC_GATEWAY_SERVICES: JSON.stringify(services) },
  });
  owner = ownerOf(gateway);
  guest = new Visitor(gateway.origin);
  await signIn(gateway, guest, 'guest');
});
afterAll(async () => {
  await gateway.end();
  mute.close();
});

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
};

describe.each([
  ['nobody answers', '/services/gone/x', 502, 'upstream.connect', { side: 'server', phase: 'connect' }],
  ['no answer comes in time', '/services/mute/x', 504, 'upstream.timeout', { side: 'server' }],
  ["it is somebody else's", '/user/OWNER/x', 403, 'access.denied', {}],
  ['it is not running', '/user/guest/x', 424, 'server.not-running', {}],
] as const)('%s', (_, place, status, code, facts) => {
  const path = (): string => place.replace('OWNER', owner);
  const asked = (headers: Record<string, string>): Promise<ChpAnswer> =>
    ask(gateway.origin, path(), { headers: { cookie: guest.cookieHeader(path()), ...headers } });

  test('as a page, which says what to do and names the request', async () => {
    const { status: got, headers, body } = await asked({ accept: 'text/html' });
    expect([got, headers['content-type']]).toEqual([status, 'text/html; charset=utf-8']);
    expect(body).toMatch(/<h1/);
    const id = String(headers['x-request-id']);
    if (status !== 424) expect(body).toContain(id);
    expect(body, 'the navigation of whoever is signed in').toContain('<nav aria-label="Pages">');
    expect(body).toMatch(/class="who"[^>]*>guest</);
    expect(body, 'which scripts of that server could read').not.toMatch(/_csrf|<form/);
    await until(() => lines(id).length > 0);
    expect(lines(id)).toMatchObject([{ path: path(), ...(status === 424 ? {} : { code }), ...facts }]);
  });

  test('and to a request with a body, which Node reads, the same', async () => {
    const [headers, body] = [{ cookie: guest.cookieHeader(path()), accept: 'text/html' }, 'x'];
    const got = await ask(gateway.origin, path(), { method: 'POST', headers, body });
    expect(got.status).toBe(status);
    expect(got.body).toContain('<nav aria-label="Pages">');
    expect(got.body).not.toMatch(/_csrf|<form/);
  });

  test.each([
    ['a program', {}],
    ['a WebSocket', upgrade],
  ])('as JSON for %s', async (_who, headers) => {
    const got = await asked(headers);
    const id = String(got.headers['x-request-id']);
    expect(got.status).toBe(status);
    const told = JSON.parse(got.body) as Record<string, unknown>;
    expect(told).toMatchObject({ status, code, requestId: id });
    expect(String(told['message']) + String(told['advice'])).not.toMatch(/127\.0\.0\.1|ECONN/);
    await until(() => lines(id).length > 0);
    expect(lines(id).length).toBe(1);
  });
});

/** The lines of the log with this id. */
function lines(id: string): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  for (const line of gateway.output().split('\n'))
    if (line.startsWith('{') && line.includes(id)) found.push(JSON.parse(line) as Record<string, unknown>);
  return found;
}
