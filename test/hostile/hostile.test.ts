import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { good, openHopWorld, plainAnswer } from '../helpers/hopWorld.ts';
import type { HopWorld } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';
import type { Case } from './case.ts';
import { bytesOf, signedIn } from './case.ts';
import { classes, upgradesOf } from './classes.ts';

let world: HopWorld;

/** All of it with the lane in front and without: the two readers must refuse, carry and write the same. */
describe.each([true, false])('lane %s', (lane) => {
  beforeAll(async () => {
    world = await openHopWorld({
      config: { lane },
      answer: (request) => {
        const whole = (): boolean =>
          !/transfer-encoding: chunked/i.test(request.head) || request.rest.includes('0\r\n\r\n');
        void until(whole)
          .then(() => request.socket.write(plainAnswer))
          .catch(() => undefined);
      },
    });
  });
  afterAll(() => world.close());

  describe.each(Object.entries(classes))('%s', (_, cases) => {
    test.each(cases.map((one) => [one.name, one.ref, one] as const))('%s (%s)', (_name, _ref, one) => check(one));
  });

  describe.each(Object.entries(classes))('%s, as an upgrade', (_, cases) => {
    const denied = upgradesOf(cases);
    if (denied.length === 0) return;
    test.each(denied.map((one) => [one.name, one.ref, one] as const))(
      '%s (%s)',
      async (_name, _ref, { bytes, fate }) => {
        world.forget();
        const { got, closed } = await exchange(bytes);
        expect(world.seen()).toBe('');
        expect(got).not.toMatch(/^HTTP\/1\.1 (?:101|2)/);
        if (fate.kind === 'refused') expect(closed).toBe(true);
      },
    );
  });

  test('after all that, the gateway serves', async () => {
    world.forget();
    const { got } = await exchange(bytesOf('GET /user/alice/x HTTP/1.1', signedIn));
    expect(got).toMatch(/^HTTP\/1\.1 200 OK[^]*hello$/);
    expect(world.hop.connections.count()).toBe(0);
  });
});

/** What the gateway adds, after all that came from the client. */
const vouched = [
  'X-Forwarded-For: 127.0.0.1',
  'X-Forwarded-Proto: http',
  'X-Forwarded-Host: h',
  'X-Forwarded-Port: 8000',
];

/** All that comes back: until the gateway closes, or for a moment after a whole answer on a connection that is kept. */
async function exchange(bytes: string): Promise<{ got: string; closed: boolean }> {
  const socket = world.open(bytes);
  let got = '';
  socket.on('data', (chunk) => (got += chunk.toString('latin1')));
  const whole = (): boolean => {
    const end = got.indexOf('\r\n\r\n');
    const length = /\r\ncontent-length: (\d+)/i.exec(got)?.[1];
    return end !== -1 && (length === undefined || got.length >= end + 4 + Number(length) || bytes.startsWith('HEAD'));
  };
  const ended = (): boolean => socket.closed || (whole() && !/\r\nconnection: close/i.test(got));
  for (const limit = Date.now() + 5000; !ended() && Date.now() < limit;) await wait(1);
  if (!socket.closed) await wait(2);
  const { closed } = socket;
  socket.destroy();
  return { got, closed };
}

async function check({ bytes, fate }: Case): Promise<void> {
  world.forget();
  const { got, closed } = await exchange(bytes);
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(got)?.[1]);
  expect(got.split(/^HTTP\/1\.[01] /m).length - 1).toBeLessThanOrEqual(1);
  expect(world.seen()).not.toContain(good);
  expect(world.seen()).not.toMatch(/authorization|secret-token|cylc-gateway=/i);
  expect(world.seen()).not.toContain('/user/bob/');
  if (fate.kind === 'carried') {
    expect(status).toBe(200);
    expect(world.received.length).toBe(1);
    expect(linesOf(world.received[0]!.head)).toEqual([
      ...fate.lines,
      ...(fate.lines.includes('Host: h') ? vouched : []),
    ]);
    if (fate.body !== undefined) expect(world.received[0]!.rest.toString('latin1')).toBe(fate.body);
    return;
  }
  if (fate.kind === 'broken') {
    expect([NaN, 400, 413]).toContain(status);
    expect(closed).toBe(true);
    expect(world.seen()).not.toContain('0\r\n\r\n');
    return;
  }
  expect(world.seen()).toBe('');
  if (fate.kind === 'ours') expect(status).toBe(200);
  else expect(status).toBe(fate.kind === 'denied' ? fate.status : (fate.status ?? 400));
  if (fate.kind === 'refused') expect(closed).toBe(true);
}

/** Lines as they arrived, without those that an HTTP/1.0 client or a chunked body has us add. */
function linesOf(head: string): string[] {
  return head
    .split('\r\n')
    .filter(
      (line) =>
        line !== 'Transfer-Encoding: chunked' &&
        line !== 'Host: localhost:8000' &&
        !(line.startsWith('X-Forwarded') && !head.includes('\r\nHost: h\r\n')),
    );
}
