import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cookie, openHopWorld } from '../helpers/hopWorld.ts';
import type { HopWorld } from '../helpers/hopWorld.ts';
import { handshake } from './case.ts';

/** A page of a server must get no hold on any answer of the gateway's own, and cannot send the policy that would keep it. */
describe.each([{ lane: true }, { lane: false }])('the opener policy: %o', ({ lane }) => {
  let world: HopWorld;
  beforeAll(async () => {
    world = await openHopWorld({
      config: { lane, requestsPerAddress: 0 },
      app: (req, res) => {
        // What frameworks do at an error
        for (const name of res.getHeaderNames()) res.removeHeader(name);
        if (req.url === '/hub/redirect') res.writeHead(302, { location: '/hub/home' }).end();
        else if (req.url === '/hub/raw') res.writeHead(304, ['etag', 'x']).end();
        else if (req.url === '/hub/throws') throw new Error('a fault');
        else res.end('page');
      },
      answer: ({ socket }) =>
        void socket.write(
          'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nCross-Origin-Opener-Policy: same-origin\r\n' +
            'cross-origin-embedder-policy: require-corp\r\nX-Own: 1\r\n\r\nok',
        ),
    });
  });
  afterAll(() => world.close());

  const raw = (first: string, ...headers: string[]): Promise<string> =>
    world.raw([first, 'Host: h', 'Connection: close', ...headers, '', ''].join('\r\n'));
  const signedIn = `Cookie: ${cookie}`;

  test.each([
    ['a page', 'GET /hub/home HTTP/1.1', [], 200],
    ['a redirect', 'GET /hub/redirect HTTP/1.1', [], 302],
    ['not modified', 'GET /hub/raw HTTP/1.1', [], 304],
    ['a handler that throws', 'GET /hub/throws HTTP/1.1', [], 500],
    ['not signed in', 'GET /user/alice/ HTTP/1.1', ['Accept: text/html'], 401],
    ['not allowed', 'GET /user/bob/ HTTP/1.1', [signedIn], 403],
    ['a server that does not answer', 'GET /user/gone/ HTTP/1.1', [signedIn], 502],
    ['what the gateway answers in the place of a server', 'GET /user/alice/favicon.ico HTTP/1.1', [signedIn], 204],
    ['a service worker', 'GET /user/alice/sw.js HTTP/1.1', ['Service-Worker: script'], 200],
    ['a malformed path', 'GET /user/alice/../bob HTTP/1.1', [signedIn], 400],
    ['a header that is none', 'GET /hub/home HTTP/1.1', ['no header'], 400],
    ['a head that is too large', 'GET /hub/home HTTP/1.1', [`X-Big: ${'x'.repeat(200_000)}`], 431],
    ['an expectation that is not met', 'GET /hub/home HTTP/1.1', ['Expect: wonders'], 417],
  ] as const)('%s', async (_what, first, headers, status) => {
    const answer = await raw(first, ...headers);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer.match(/\r\ncross-origin-opener-policy: [^\r]*/gi)).toEqual([
      '\r\ncross-origin-opener-policy: same-origin',
    ]);
    expect(answer).toMatch(/\r\nx-frame-options: DENY\r\n/i);
  });

  test('refused upgrades too', async () => {
    for (const path of ['/user/bob/', '/hub/home', '/user/alice/../bob']) {
      const answer = await world.raw([`GET ${path} HTTP/1.1`, 'Host: h', ...handshake, '', ''].join('\r\n'));
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d [^]*\r\ncross-origin-opener-policy: same-origin\r\n/i);
    }
  });

  test('no page of a server has it', async () => {
    const answer = await raw('GET /user/alice/ HTTP/1.1', signedIn);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*X-Own: 1[^]*ok$/);
    expect(answer).not.toMatch(/cross-origin/i);
  });
});
