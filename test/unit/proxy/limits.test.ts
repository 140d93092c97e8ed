import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import pino from 'pino';
import { beforeEach, describe, expect, test } from 'vitest';
import { createRequestLimits } from '../../../src/proxy/limits/createLimits.ts';
import { OpenWebSockets } from '../../../src/proxy/limits/openWebSockets.ts';
import { RateBucket, rateOf } from '../../../src/proxy/limits/rateBucket.ts';
import { RateTable } from '../../../src/proxy/limits/rateTable.ts';
import { createOneATurn } from '../../../src/proxy/oneATurn.ts';
import type { HopPlan } from '../../../src/proxy/types.ts';

let nowMs: number;
let lines: Record<string, unknown>[];
beforeEach(() => {
  nowMs = 1000;
  lines = [];
});

function limits(perAccount: number, perAddress: number) {
  const write = (line: string): void => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const config = { requestsPerAccount: perAccount, requestsPerAddress: perAddress };
  return createRequestLimits({ config, log: pino({}, { write }), now: () => nowMs });
}

function taken(take: () => boolean, most = 10_000): number {
  let count = 0;
  while (count < most && take()) count += 1;
  return count;
}

describe('a bucket', () => {
  const rate = rateOf(50)!;

  test('gives ten seconds’ worth at once, then as many a second as it says, and is full again after ten', () => {
    const bucket = new RateBucket();
    expect(taken(() => bucket.take(nowMs, rate))).toBe(500);
    nowMs += 1000;
    expect(taken(() => bucket.take(nowMs, rate))).toBe(50);
    nowMs += 3_600_000;
    expect(taken(() => bucket.take(nowMs, rate))).toBe(500);
  });

  test('gives in the long run what it says to who asks all the time, refused or not', () => {
    const bucket = new RateBucket();
    let got = 0;
    for (let i = 0; i < 60_000; i += 1, nowMs += 1) if (bucket.take(nowMs, rate)) got += 1;
    expect(got).toBeGreaterThanOrEqual(500 + 59 * 50);
    expect(got).toBeLessThanOrEqual(500 + 60 * 50);
  });
});

describe('limits of requests', () => {
  test('are those of the account, wherever it is, and leave other accounts alone', () => {
    const { take } = limits(10, 10);
    expect(taken(() => take('alice', '192.0.2.1'))).toBe(100);
    expect(take('alice', '192.0.2.2')).toBe(false);
    expect(take('bob', '192.0.2.1')).toBe(true);
  });

  test('of strangers go by address, and touch nobody there who is signed in', () => {
    const { take, isSpent } = limits(10, 10);
    expect(isSpent('192.0.2.1')).toBe(false);
    expect(taken(() => take(undefined, '192.0.2.1'))).toBe(100);
    expect(isSpent('192.0.2.1')).toBe(true);
    expect(take('alice', '192.0.2.1')).toBe(true);
    expect(isSpent('192.0.2.2')).toBe(false);
    expect(take(undefined, '192.0.2.2')).toBe(true);
    nowMs += 200;
    expect(isSpent('192.0.2.1')).toBe(false);
  });

  test('take a home of IPv6 for one address', () => {
    const { take, isSpent } = limits(0, 10);
    const homes = Array.from({ length: 100 }, (_, i) => `2001:db8::${i}`);
    expect(homes.every((address) => take(undefined, address))).toBe(true);
    expect(take(undefined, '2001:db8::ffff')).toBe(false);
    expect(isSpent('2001:db8::ffff')).toBe(true);
    expect(isSpent('2001:db8:0:1::1')).toBe(false);
  });

  test('of 0 are none', () => {
    const { take, isSpent } = limits(0, 0);
    expect(taken(() => take('alice', '192.0.2.1') && take(undefined, '192.0.2.1'))).toBe(10_000);
    expect(isSpent('192.0.2.1')).toBe(false);
  });

  test('are told of in the log once a minute, however many are refused', () => {
    const { take } = limits(10, 10);
    for (let second = 0; second < 61; second += 1, nowMs += 1000) taken(() => take(undefined, '192.0.2.1'));
    expect(lines.length).toBe(2);
    expect(lines[0]).toMatchObject({ level: 40, from: '192.0.2.1', limit: 'proxy.requestsPerAddress' });
  });

  test('remember no more addresses than they may', () => {
    const table = new RateTable(rateOf(10)!);
    for (let i = 0; i < 50_000; i += 1) table.take(`192.0.2.${i}`, nowMs);
    expect(table.size).toBe(20_000);
  });
});

describe('open WebSockets', () => {
  const plan = (name: string, prefix = '/user/alice/') =>
    ({ identity: { account: { name } }, route: { prefix } }) as unknown as HopPlan;
  const socket = (): Duplex => new EventEmitter() as Duplex;

  test('are counted by account and by server until their clients go', () => {
    const open = new OpenWebSockets({ webSocketsPerAccount: 2, webSocketsPerServer: 3 });
    const sockets = [socket(), socket(), socket()];
    expect(sockets.map((one) => open.enter(one, plan('alice')))).toEqual([undefined, undefined, 'request.websockets']);
    expect([open.enter(socket(), plan('bob')), open.enter(socket(), plan('bob'))]).toEqual([
      undefined,
      'server.websockets',
    ]);
    expect(open.enter(socket(), plan('bob', '/user/bob/'))).toBe(undefined);
    sockets[0]!.emit('close');
    expect(open.enter(socket(), plan('alice'))).toBe(undefined);
  });

  test('of 0 are as many as one likes', () => {
    const open = new OpenWebSockets({ webSocketsPerAccount: 0, webSocketsPerServer: 0 });
    expect(taken(() => open.enter(socket(), plan('alice')) === undefined)).toBe(10_000);
  });
});

test('one a turn: all of it, in order, and others have their turn between', async () => {
  const later = createOneATurn();
  const ran: (number | 'other')[] = [];
  for (let i = 0; i < 3000; i += 1) later(() => ran.push(i));
  const other = (): void => {
    ran.push('other');
    if (ran.length < 6000) setImmediate(other);
  };
  setImmediate(other);
  while (ran.length < 6000) await new Promise(setImmediate);
  expect(ran.filter((one) => one !== 'other')).toEqual(Array.from({ length: 3000 }, (_, i) => i));
  expect(ran.slice(0, 6)).toEqual([0, 'other', 1, 'other', 2, 'other']);
});
