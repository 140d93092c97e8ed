import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { cookie, openHopWorld, plainAnswer, readAll, readUntil } from '../helpers/hopWorld.ts';
import type { HopWorld, HopWorldOptions } from '../helpers/hopWorld.ts';
import { until } from '../helpers/until.ts';

/** Who asks too often, too far ahead, or for too many WebSockets; by both readers. */
let world: HopWorld;
afterEach(() => world.close());

async function open(config: HopWorldOptions['config'], options: HopWorldOptions = {}): Promise<void> {
  world = await openHopWorld({ config: config ?? {}, ...options });
}

const ask = (path: string, who = cookie, ...headers: string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: h', `Cookie: ${who}`, ...headers, 'Connection: close', '', ''].join('\r\n');
const upgrade = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const handshake = (who = cookie, path = '/user/alice/ws'): string =>
  ask(path, who, ...upgrade).replace('close', 'Upgrade');
const agreed = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const statusOf = (answer: string): string => answer.slice(9, 12);
const statuses = async (requests: readonly string[]): Promise<string[]> =>
  (await Promise.all(requests.map((request) => world.raw(request)))).map(statusOf);
const times = (count: number, request: string): string[] => Array.from({ length: count }, () => request);

const asHeld = /^HTTP\/1\.1 429 Too Many Requests\r\n[^]*retry-after: 2\r\n[^]*connection: close\r\n/i;

describe.each([true, false])('with the lane %s', (lane) => {
  test('an account that asks too often gets 429, as page and as upgrade, and its server hears nothing of it', async () => {
    await open({ lane, requestsPerAccount: 1 });
    for (const request of times(30, ask('/user/alice/x'))) world.open(request);
    await until(() => world.received.length >= 10);
    const [text, json, socket] = await Promise.all([
      world.raw(ask('/user/alice/y')),
      world.raw(ask('/user/alice/y', cookie, 'Accept: application/json')),
      world.raw(handshake(cookie, '/user/alice/y')),
    ]);
    for (const answer of [text, json, socket]) expect(answer).toMatch(asHeld);
    expect(text).toContain('Too many requests at once.\nWait a moment');
    expect(JSON.parse(json.split('\r\n\r\n')[1]!)).toMatchObject({ status: 429, code: 'request.rate' });
    expect(world.received.filter(({ head }) => head.includes('/y ')).length).toBe(0);
    expect(world.logs.filter(({ msg }) => String(msg).startsWith('too many requests')).length).toBe(1);
  });

  test('strangers at an address are refused there, whoever is signed in is not', async () => {
    await open({ lane, requestsPerAddress: 1 });
    const none = 'a=b';
    const kinds = [ask('/user/alice/x', none), ask('/hub/login', none), handshake(none), handshake(none, '/hub/ws')];
    for (const request of kinds.flatMap((kind) => times(10, kind))) world.open(request);
    await setTimeout(200);
    for (const answer of await Promise.all(kinds.map((request) => world.raw(request)))) expect(answer).toMatch(asHeld);
    expect(await statuses([ask('/user/alice/x'), ask('/user/alice/x')])).toEqual(['200', '200']);
    expect(world.received.length).toBe(2);
  });

  test('what was sent ahead of a refusal is not read: one refusal a connection, a second later', async () => {
    await open({ lane, requestsPerAccount: 1 });
    for (const request of times(15, ask('/user/alice/x'))) world.open(request);
    await until(() => world.received.length >= 10);
    world.forget();
    const before = Date.now();
    const got = await world.raw(ask('/user/alice/x').replace('Connection: close\r\n', '').repeat(50));
    expect(Date.now() - before).toBeGreaterThan(900);
    expect(got.match(/HTTP\/1\.1 429/g)?.length).toBe(1);
    expect(world.received.length).toBeLessThan(4);
  });

  test('an account may open so many WebSockets and no more, until one is closed', async () => {
    await open({ lane, webSocketsPerAccount: 3 }, { answer: ({ socket }) => void socket.write(agreed) });
    const clients = times(3, handshake()).map((request) => world.open(request));
    for (const client of clients) expect(await readUntil(client, '\r\n\r\n')).toContain('101');
    expect(await world.raw(handshake())).toMatch(/^HTTP\/1\.1 429 [^]*too many live connections/);
    clients[0]!.destroy();
    await until(async () => {
      const client = world.open(handshake());
      return (await readUntil(client, '\r\n\r\n')).includes(' 101 ');
    });
  });

  test('a server has so many WebSockets and no more, of all accounts', async () => {
    const accountOf = (cookies: string): string => /who=(\w+)/.exec(cookies)?.[1] ?? 'alice';
    await open({ lane, webSocketsPerServer: 2 }, { accountOf, answer: ({ socket }) => void socket.write(agreed) });
    const as = (who: string): string => handshake(`${cookie}; who=${who}`);
    for (const who of ['alice', 'bob']) expect(await readUntil(world.open(as(who)), '\r\n\r\n')).toContain('101');
    expect(await world.raw(as('carol'))).toMatch(/^HTTP\/1\.1 503 [^]*as many live connections as it may/);
  });

  test('an account that asks ahead for long answers and takes none gets no more than is on its way', async () => {
    const piece = 'x'.repeat(1_000_000);
    const answer: HopWorldOptions['answer'] = ({ socket }) =>
      void socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${piece.length}\r\n\r\n${piece}`);
    await open({ lane }, { answer });
    const client = world.open(ask('/user/alice/x').replace('Connection: close\r\n', '').repeat(50));
    client.pause();
    await until(() => world.received.length > 0);
    let before = -1;
    await until(async () => {
      const same = world.received.length === before;
      before = world.received.length;
      await setTimeout(200);
      return same;
    });
    expect(world.received.length).toBeLessThan(20);
    let got = 0;
    client.on('data', (chunk) => (got += chunk.length)).resume();
    await until(() => got > 50_000_000);
    expect(world.received.length).toBe(50);
  });
});

test('nobody has Node keep any number of requests that were sent ahead', async () => {
  await open({ lane: false }, { answer: () => undefined });
  const client = world.open();
  const one = ask('/user/alice/x').replace('Connection: close\r\n', '');
  const closed = readAll(client);
  client.write(one.repeat(1000));
  expect(await closed).toBe('');
  expect(world.received.length).toBeLessThan(2);
});

test('who asks ahead within reason has all of it answered', async () => {
  await open({ lane: false }, { answer: ({ socket }) => void socket.write(plainAnswer) });
  const one = ask('/user/alice/x').replace('Connection: close\r\n', '');
  expect((await world.raw(one.repeat(150) + ask('/user/alice/x'))).match(/hello/g)?.length).toBe(151);
});
