import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHopWorld } from '../helpers/hopWorld.ts';
import type { HopWorld } from '../helpers/hopWorld.ts';
import { get } from './case.ts';

/** A UI server that has turned against its visitors: what of its answers reaches them. */
let world: HopWorld;
let headers: readonly string[] = [];
/** Sent in the place of a head of `headers`. */
let whole: Buffer | undefined;
beforeAll(async () => {
  world = await openHopWorld({
    answer: ({ socket }) =>
      void socket.write(
        whole ??
          Buffer.from(`${['HTTP/1.1 200 OK', 'Content-Length: 2', ...headers].join('\r\n')}\r\n\r\nok`, 'latin1'),
      ),
  });
});
afterAll(() => world.close());

const request = get(['Connection: close']);

/** The lines of the head that came of these headers, in lower case, without those that the gateway itself writes. */
async function arrived(...sent: string[]): Promise<string[]> {
  headers = sent;
  const got = await world.raw(request);
  expect(got).toMatch(/^HTTP\/1\.1 200 OK[^]*\r\n\r\nok$/);
  const own = /^(?:content-length|date|connection|x-request-id): /i;
  return got
    .slice(0, got.indexOf('\r\n\r\n'))
    .split('\r\n')
    .slice(1)
    .filter((line) => !own.test(line));
}

describe('cookies', () => {
  test.each([
    'cylc-gateway=x',
    '__Host-cylc-gateway=x; Secure; Path=/',
    '__Secure-cylc-gateway=x; Secure',
    'Cylc-Gateway=x',
    'CYLC-GATEWAY=x',
    '__host-cylc-gateway=x',
    ' cylc-gateway =x',
    '\tcylc-gateway\t=x',
    'cylc-gateway-login-abc=x',
    'cylc-gateway=x; Max-Age=0',
    'jupyterhub-session-id=x',
    'JupyterHub-Session-Id=x; Path=/hub/',
    '=cylc-gateway=x',
    'cylc-gateway',
    '',
    '; Path=/',
  ])('%j is not the upstream’s to set (CVE-2024-28233)', async (cookie) => {
    expect(await arrived(`Set-Cookie: ${cookie}`, `sEt-CoOkIe: ${cookie}`)).toEqual([]);
  });

  test.each([
    ['a=1', 'a=1; Path=/user/alice/'],
    ['a=1; Path=/', 'a=1; Path=/user/alice/'],
    ['a=1; Path=/user/', 'a=1; Path=/user/alice/'],
    ['a=1; Path=/user/alice', 'a=1; Path=/user/alice'],
    ['a=1; Path=/user/alicex', 'a=1; Path=/user/alice/'],
    ['a=1; Path=/user/alice/x', 'a=1; Path=/user/alice/x'],
    ['a=1; Path=/hub/', 'a=1; Path=/user/alice/'],
    ['a=1; Path=/user/alice/../../', 'a=1; Path=/user/alice/'],
    ['a=1; Path=/user/alice/%2e%2e/bob/', 'a=1; Path=/user/alice/'],
    ['a=1; Path=/user/alice//', 'a=1; Path=/user/alice/'],
    ['a=1; path="/"', 'a=1; Path=/user/alice/'],
    ['a=1; Path=/user/alice/; Path=/', 'a=1; Path=/user/alice/'],
    ['a=1; Domain=example.org', 'a=1; Path=/user/alice/'],
    ['a=1; DOMAIN=.example.org; domain=h', 'a=1; Path=/user/alice/'],
    ['a=1; HttpOnly; SameSite=None; Secure', 'a=1; HttpOnly; SameSite=None; Secure; Path=/user/alice/'],
    ['a=1, cylc-gateway=x', 'a=1, cylc-gateway=x; Path=/user/alice/'],
  ])('%j is confined to %j', async (cookie, confined) => {
    expect(await arrived(`Set-Cookie: ${cookie}`)).toEqual([`Set-Cookie: ${confined}`]);
  });
});

test('more cookies than visitors could send back are not set: they would be locked out (cookie bombs, RFC 6265, 6.1)', async () => {
  const all = Array.from({ length: 200 }, (_, i) => `Set-Cookie: c${i}=${'x'.repeat(100)}`);
  const some = await arrived(...all);
  expect(some.length).toBeGreaterThan(50);
  expect(some.join('; ').length).toBeLessThan(24_000);
  expect(await arrived(`Set-Cookie: big=${'x'.repeat(17_000)}`, 'Set-Cookie: small=1')).toEqual([]);
});

describe('headers that speak for the whole origin, or end at this hop', () => {
  test.each([
    'Clear-Site-Data: "*"',
    'Strict-Transport-Security: max-age=0',
    'Public-Key-Pins: x',
    'Expect-CT: x',
    'Alt-Svc: h3="evil.example:443"',
    'NEL: {}',
    'Report-To: {}',
    'X-Request-Id: forged',
    'Keep-Alive: timeout=9999',
    'Proxy-Authenticate: Basic',
    'Proxy-Connection: keep-alive',
    'Upgrade: h2c',
    'TE: trailers',
    'Trailer: x',
    'Cross-Origin-Opener-Policy: same-origin',
    'Cross-Origin-Opener-Policy: noopener-allow-popups',
    'Cross-Origin-Opener-Policy-Report-Only: same-origin',
    'Cross-Origin-Embedder-Policy: require-corp',
    'Cross-Origin-Embedder-Policy-Report-Only: require-corp',
    'Document-Isolation-Policy: isolate-and-require-corp',
    'Origin-Agent-Cluster: ?0',
    'Accept-CH: Sec-CH-UA-Model',
    'Critical-CH: Sec-CH-UA-Model',
    'Set-Login: logged-in',
    'Use-As-Dictionary: match="/hub/*"',
    'Secure-Session-Registration: (ES256);path="/user/alice/x"',
    'Sec-Session-Registration: (ES256);path="/user/alice/x"',
    'Service-Worker-Allowed: /',
    'Service-Worker-Allowed: /user/',
    'Service-Worker-Allowed: /user/alice/',
    'Service-Worker-Allowed: /user/alice/../../',
  ])('%s', async (line) => {
    expect(await arrived(line)).toEqual([]);
    expect(await arrived(line.toUpperCase())).toEqual([]);
  });

  test('a header that Connection names', async () => {
    expect(await arrived('X-A: 1', 'X-B: 2', 'Connection: x-a, set-cookie', 'Set-Cookie: a=1')).toEqual([
      'X-B: 2',
      'Set-Cookie: a=1; Path=/user/alice/',
    ]);
  });
});

test.each([
  'X-A: \u00e9\u00ff',
  'Location: //evil.example/',
  'Refresh: 0;url=http://evil.example',
  'Link: </hub/api/users>; rel=preload',
  'X-A:',
])('%s passes: it harms no more than a page of the server could', async (line) => {
  expect((await arrived(line)).map((got) => got.trim())).toEqual([line.trim()]);
});

test('a compressed body passes as it is, however large it would get: nothing is decompressed here', async () => {
  const zeros = gzipSync(Buffer.alloc(64 * 2 ** 20));
  whole = Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zeros.length}\r\n\r\n`),
    zeros,
  ]);
  const got = Buffer.from(await world.raw(request), 'latin1');
  whole = undefined;
  expect(got.subarray(got.indexOf('\r\n\r\n') + 4).equals(zeros)).toBe(true);
  expect(got.toString('latin1', 0, 300)).toContain('\r\nContent-Encoding: gzip\r\n');
});
