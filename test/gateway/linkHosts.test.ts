import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';

/** What a first run says to a browser that came by another name, and what it writes about it. */
let gateway: GatewayProcess;
let secret: string;

beforeAll(async () => {
  gateway = await startGateway({ env: { PATH: '/usr/bin:/bin' } });
  secret = new URL(gateway.links().get('guest') ?? '').searchParams.get('link') ?? '';
});
afterAll(() => gateway.end());

async function raw(host: string, head: string, body = ''): Promise<string> {
  const socket = connect(Number(new URL(gateway.origin).port), '127.0.0.1');
  socket.write(`${head}\r\nHost: ${host}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  return text(socket);
}

const open = (host: string) => raw(host, `GET /hub/login?link=${secret} HTTP/1.1\r\nSec-Fetch-Mode: navigate`);
const press = (host: string) =>
  raw(
    host,
    `POST /hub/login HTTP/1.1\r\nOrigin: http://${host}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded`,
    `link=${secret}`,
  );

test.each(['cylc.example.org', 'login3:8000', '10.0.0.7:8000', 'localhost.evil.example'])(
  'at %s the page says where to open the link, and the link stays good',
  async (host) => {
    for (const answer of [await open(host), await press(host)]) {
      expect(answer).toMatch(/^HTTP\/1\.1 421 /);
      expect(answer).toContain(`work at ${gateway.origin} only`);
      expect(answer).toMatch(/ssh -L (\d+):localhost:\1 HOST/);
      expect(answer).not.toMatch(/set-cookie: cylc-gateway=/i);
    }
    expect(await open('localhost')).toContain('Sign in as Guest');
  },
);

test('a report of a refused redirect is logged without its queries', async () => {
  const report = {
    'csp-report': {
      'document-uri': `${gateway.origin}/hub/login?link=${secret}`,
      'blocked-uri': `${gateway.origin}/hub/x?link=${secret}#${secret}`,
      referrer: `${gateway.origin}/hub/login?link=${secret}`,
      'effective-directive': 'form-action',
      'script-sample': secret,
    },
  };
  for (const body of [JSON.stringify(report), `{"link=${secret}`, '[]', 'null'])
    expect(await raw('localhost', 'POST /hub/security/csp-report HTTP/1.1', body)).toMatch(/^HTTP\/1\.1 204 /);
  const log = gateway
    .output()
    .split('\n')
    .filter((line) => !line.startsWith('    guest'))
    .join('\n');
  expect(log).toContain('form-action');
  expect(log).toContain('/hub/login');
  expect(log).not.toContain(secret);
});

test.each(['127.0.0.1:9', '[::1]:8000', 'localhost:4711'])('at %s it signs in', async (host) => {
  const fresh = await startGateway({ env: { PATH: '/usr/bin:/bin' } });
  [gateway, secret] = [await swap(fresh), new URL(fresh.links().get('guest') ?? '').searchParams.get('link') ?? ''];
  expect(await open(host)).toContain('Sign in as Guest');
  const answer = await press(host);
  expect(answer).toMatch(/^HTTP\/1\.1 303 /);
  expect(answer).toMatch(/^location: \/hub\/login\?turn=1/im);
  expect(answer).toMatch(/set-cookie: cylc-gateway=/i);
  expect(await press(host)).toMatch(/^HTTP\/1\.1 403 /);
});

async function swap(fresh: GatewayProcess): Promise<GatewayProcess> {
  await gateway.end();
  return fresh;
}
