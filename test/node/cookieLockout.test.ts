import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cookie, openHopWorld } from '../helpers/hopWorld.ts';
import type { HopWorld } from '../helpers/hopWorld.ts';
import { handshake } from '../hostile/case.ts';

/** A script of a server has filled the jar of its visitor (S16): the answer gives the way back. */
describe.each([true, false])('lane %s', (lane) => {
  let world: HopWorld;
  beforeEach(async () => (world = await openHopWorld({ config: { lane } })));
  afterEach(() => world.close());

  const bomb = (count: number): string =>
    Array.from({ length: count }, (_, at) => `bomb${at}=${'x'.repeat(3900)}`).join('; ');
  const ask = (path: string, cookies: string, ...more: string[]): string =>
    [`GET ${path} HTTP/1.1`, 'Host: h.example', ...more, `Cookie: ${cookie}; ${cookies}`, '', ''].join('\r\n');

  test.each(['/user/alice/x', '/hub/home', '/'])(
    '%s: the largest cookies are taken away, ours is not',
    async (path) => {
      const got = await world.raw(ask(path, bomb(12)));
      expect(got).toMatch(/^HTTP\/1\.1 431 [^]*cookies of this site/);
      expect(got).toMatch(/^set-cookie: bomb0=; Max-Age=0; Path=\/\r$/im);
      expect(got).not.toMatch(/^set-cookie: cylc-gateway/im);
      expect(world.received).toEqual([]);
    },
  );

  test('an upgrade is told so too', async () => {
    const got = await world.raw(ask('/user/alice/x', bomb(12), ...handshake));
    expect(got).toMatch(/^HTTP\/1\.1 431 /);
    expect(got).toMatch(/^set-cookie: bomb11=; Max-Age=0; Path=\/user\/alice\/\r$/im);
  });

  test('what is left after that is taken', async () => {
    const expired = new Set<string>();
    const got = await world.raw(ask('/user/alice/x', bomb(12)));
    for (const [, name = ''] of got.matchAll(/^set-cookie: (bomb\d+)=/gim)) expired.add(name);
    const left = bomb(12)
      .split('; ')
      .filter((pair) => !expired.has(pair.split('=', 1)[0]!));
    expect(left.length).toBeGreaterThan(0);
    const next = await world.raw(ask('/user/alice/x', left.join('; '), 'Connection: close'));
    expect(next).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('a long address is no matter of cookies', async () => {
    const got = await world.raw(ask(`/user/alice/x?${'q'.repeat(40_000)}`, 'a=1'));
    expect(got).toMatch(/^HTTP\/1\.1 431 [^]*too large/);
    expect(got).not.toMatch(/^set-cookie: a=/im);
  });

  test('beyond what is read at all, it is still said what to do', async () => {
    expect(await world.raw(ask('/user/alice/x', bomb(30)))).toMatch(/^HTTP\/1\.1 431 [^]*Delete the cookies/);
  });
});
