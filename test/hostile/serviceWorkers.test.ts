import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cookie, openHopWorld } from '../helpers/hopWorld.ts';
import type { HopWorld } from '../helpers/hopWorld.ts';

/** Scripts of service workers are the gateway's own to answer, by whichever of its two readers and whoever asks. */
describe.each([{ lane: true }, { lane: false }])('requests for the script of a service worker: %o', ({ lane }) => {
  let world: HopWorld;
  beforeAll(async () => {
    world = await openHopWorld({ config: { lane } });
  });
  afterAll(() => world.close());

  const ask = (path: string, headers: readonly string[], method = 'GET'): Promise<string> => {
    world.forget();
    return world.raw([`${method} ${path} HTTP/1.1`, 'Host: h', 'Connection: close', ...headers, '', ''].join('\r\n'));
  };
  const signedIn = `Cookie: ${cookie}`;

  test.each([
    ['/user/alice/sw.js', signedIn],
    ['/user/bob/sw.js', signedIn],
    ['/user/gone/sw.js', signedIn],
    ['/user/alice/sw.js', 'Accept: */*'],
    ['/services/results/sw.js', 'Accept: */*'],
    ['/hub/static/gateway.js', 'Accept: */*'],
  ])('%s with %s', async (path, header) => {
    for (const mark of ['Service-Worker: script', 'service-worker: SCRIPT', 'Sec-Fetch-Dest: serviceworker']) {
      const answer = await ask(path, [header, mark]);
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(answer).toMatch(/\r\ncontent-type: text\/javascript; charset=utf-8\r\n/i);
      expect(answer).toMatch(/\r\ncache-control: no-store\r\n/i);
      expect(answer).toMatch(/\r\nservice-worker-allowed: \/\r\n/i);
      expect(answer).toMatch(/registration\.unregister\(\)/);
      expect(world.received).toEqual([]);
    }
  });

  test('other methods get no further, and a malformed address is still refused', async () => {
    expect(await ask('/user/alice/sw.js', [signedIn, 'Service-Worker: script'], 'HEAD')).toMatch(/^HTTP\/1\.1 200 /);
    await ask('/user/alice/sw.js', [signedIn, 'Service-Worker: script', 'Content-Length: 0'], 'POST');
    expect(await ask('/user/alice/../sw.js', [signedIn, 'Service-Worker: script'])).toMatch(/^HTTP\/1\.1 400 /);
    expect(world.received).toEqual([]);
  });

  test('what only looks like one is the server’s', async () => {
    for (const header of ['Sec-Fetch-Dest: worker', 'Sec-Fetch-Dest: sharedworker', 'X-Service-Worker: script'])
      expect(await ask('/user/alice/sw.js', [signedIn, header])).toMatch(/hello$/);
  });
});

test('an address that asks too often gets it late, never a refusal: the worker would stay', async () => {
  const world = await openHopWorld({ config: { requestsPerAddress: 1 } });
  const asks = Array.from({ length: 12 }, () =>
    world.raw('GET /user/alice/sw.js HTTP/1.1\r\nHost: h\r\nConnection: close\r\nService-Worker: script\r\n\r\n'),
  );
  for (const answer of await Promise.all(asks)) expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*unregister/);
  await world.close();
});
