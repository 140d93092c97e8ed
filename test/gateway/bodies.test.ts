import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import type { NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { FormData, request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownerOf, signIn, withoutCylc } from '../helpers/firstVisit.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { Visitor } from '../helpers/visitor.ts';

/** What anybody may send without having signed in must cost the gateway nothing, however much of it there is. */
let gateway: GatewayProcess;
let visitor: Visitor;
const folder = shortFolder('gw-bodies');
/** Made by the gateway itself, with the mode that it wants. */
const runtimeDir = join(folder, 'run');

beforeAll(async () => {
  gateway = await startGateway({ env: withoutCylc, args: ['--set', `runtimeDir=${runtimeDir}`] });
  visitor = new Visitor(gateway.origin);
  await signIn(gateway, visitor, ownerOf(gateway));
});
afterAll(async () => {
  await gateway.end();
  rmSync(folder, { recursive: true });
});

const form = 'application/x-www-form-urlencoded';

async function post(at: NetConnectOpts, path: string, headers: readonly string[], bytes: string): Promise<string> {
  const socket = connect(at);
  let answer = '';
  socket.setEncoding('latin1').on('data', (text: string) => (answer += text));
  socket.on('error', () => undefined);
  const lines = [`POST ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers];
  socket.write(`${lines.join('\r\n')}\r\n\r\n${bytes}`);
  await once(socket, 'close');
  return answer;
}

const publicPort = (): NetConnectOpts => ({ port: Number(new URL(gateway.origin).port), host: '127.0.0.1' });

/** Main-thread CPU of the gateway so far, ms (proc(5), `stat`: utime and stime in ticks of 10 ms). */
function cpuMs(): number {
  const pid = gateway.child.pid!;
  const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const anonymous = [
  '/hub/api/oauth2/token',
  '/hub/backchannel_logout',
  '/hub/login',
  '/hub/logout',
  '/hub/security/csp-report',
  '/hub/oidc/token',
  '/hub/oidc/interaction/none',
  '/hub/api/users',
  '/hub/nothing/here',
  '/hub/home',
];

describe.each(anonymous)('%s', (path) => {
  const browser = (): string[] => [`Origin: ${gateway.origin}`, 'Sec-Fetch-Site: same-origin', `Content-Type: ${form}`];

  test('an announced gigabyte is refused at once, in words', async () => {
    const answer = await post(publicPort(), path, [...browser(), 'Content-Length: 1000000000'], 'a&a&');
    expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*too large/);
  });

  test('two megabytes of fields in chunks cost next to nothing', async () => {
    const chunk = `${(65_536).toString(16)}\r\n${'a&'.repeat(32_768)}\r\n`;
    const before = cpuMs();
    const answer = await post(
      publicPort(),
      path,
      [...browser(), 'Transfer-Encoding: chunked'],
      `${chunk.repeat(32)}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 (?:30[23]|4\d\d) /);
    // Before they were bounded: 8,000 ms for some of these
    expect(cpuMs() - before).toBeLessThan(1000);
  });
});

test('more fields than any form has are refused', async () => {
  const body = 'a&'.repeat(5000);
  const answer = await post(
    publicPort(),
    '/hub/backchannel_logout',
    [`Content-Type: ${form}`, `Content-Length: ${body.length}`],
    body,
  );
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
});

test.each(['/hub/login', '/hub/logout', '/hub/backchannel_logout', '/hub/api/oauth2/token'])(
  'a form with files is not taken at %s',
  async (path) => {
    const files = new FormData();
    files.set('everywhere', 'on');
    const ours = { 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', origin: gateway.origin };
    const answer = await request(gateway.origin + path, {
      method: 'POST',
      body: files,
      headers: { ...ours, cookie: visitor.cookieHeader(path) },
    });
    await answer.body.dump();
    expect([400, 415]).toContain(answer.statusCode);
  },
);

test('sockets of the gateway itself have bounds too', async () => {
  const sockets = readdirSync(runtimeDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.sock'),
  );
  expect(sockets).toEqual(expect.arrayContaining(['hub.sock', 'control/control.sock']));
  const path = (name: string): NetConnectOpts => ({ path: join(runtimeDir, name) });
  const huge = ['Content-Type: application/json', 'Content-Length: 1000000000'];
  expect(await post(path('hub.sock'), '/hub/api/oauth2/token', huge, '{')).toMatch(/^HTTP\/1\.1 413 /);
  expect(await post(path('control/control.sock'), '/v1/tokens', huge, '{')).toMatch(/^HTTP\/1\.1 413 /);
});
