import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { connect } from 'node:net';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createChp } from '../../src/chp/createChp.ts';
import type { Chp } from '../../src/chp/createChp.ts';
import { chpOptions } from '../../src/cli/proxyOptions.ts';
import { systemClock } from '../../src/clock.ts';
import { plainAnswer, readAll } from '../helpers/hopWorld.ts';
import { bytesOf } from './case.ts';
import type { Case } from './case.ts';
import { framing } from './cases/framing.ts';
import { headers } from './cases/headers.ts';
import { hosts } from './cases/hosts.ts';
import { requestLine } from './cases/requestLine.ts';
import { upgrades } from './cases/upgrades.ts';

/** The same abuse of framing, request line, hosts, headers and handshake against `cylc-gateway proxy`: nobody is asked who they are there, but what is ambiguous is refused all the same. */
let chp: Chp;
let target: Server;
let seen = '';

beforeAll(async () => {
  target = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      seen += chunk.toString('latin1');
      socket.write(plainAnswer);
    });
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const { port } = target.address() as AddressInfo;
  const shape = { xForward: true, prependPath: true, includePrefix: true };
  const places = { ip: '127.0.0.1', port: 0, apiIp: '127.0.0.1', apiPort: 0, metricsIp: '' };
  const flags = { ...shape, ...places, logLevel: 'error', defaultTarget: `http://127.0.0.1:${port}` };
  const options = await chpOptions(flags, { env: {}, read: () => Promise.reject(new Error('no file')) });
  chp = await createChp(options, { log: pino({ level: 'silent' }), clock: systemClock });
  await chp.listen();
});
afterAll(async () => {
  await chp.close();
  target.close();
});

async function exchange(bytes: string, server: 'public' | 'api' = 'public'): Promise<string> {
  const socket = connect({ port: (chp.servers[server].address() as AddressInfo).port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.write(Buffer.from(bytes, 'latin1'));
  const late = setTimeout(() => socket.destroy(), 3000);
  const got = await readAll(socket);
  clearTimeout(late);
  return got;
}

/** Of the handshake, only what RFC 6455 says is refused here: origins are the target's affair, keys and versions too. */
const malformedHandshakes = upgrades.filter(({ name }) => /^by |HTTP\/1\.0/.test(name));
const classes: Record<string, readonly Case[]> = {
  framing,
  'request line': requestLine,
  handshakes: malformedHandshakes,
  hosts,
  headers,
};

describe.each(Object.entries(classes))('%s', (_, cases) => {
  // Empty segments pass here, since Jupyter uses them (docs/chp.md), and larger heads than the gateway's 32 KiB
  const refused = cases.filter(({ name, fate }) => fate.kind === 'refused' && !/\/\/h\/|40 kB/.test(name));
  test.each(refused.map((one) => [one.name, one.ref, one] as const))('%s (%s)', async (_name, _ref, { bytes }) => {
    seen = '';
    const got = await exchange(bytes);
    expect(got).toMatch(/^(?:HTTP\/1\.1 4(?:00|08|13|31) |$)/);
    expect(seen).toBe('');
  });
});

/** The same abuse of its API, by routes of these names: no fault of ours, and nothing is routed. */
test.each(Object.entries(classes))(
  'the API, with its %s abused, answers no 5xx and adds no route',
  async (_, cases) => {
    const routes = 'GET /api/routes HTTP/1.1';
    const before = await exchange(bytesOf(routes, ['Host: h', 'Connection: close']), 'api');
    const sent = cases.map(({ bytes }) => bytes.replaceAll('/user/', '/api/routes/'));
    const got = await Promise.all(sent.map((bytes) => exchange(bytes, 'api')));
    for (const answer of got) expect(answer).toMatch(/^(?:HTTP\/1\.1 [24]|$)/);
    const after = await exchange(bytesOf(routes, ['Host: h', 'Connection: close']), 'api');
    expect(after.split('\r\n\r\n')[1]).toBe(before.split('\r\n\r\n')[1]);
  },
);

test('after all that, it serves', async () => {
  expect(await exchange(bytesOf('GET /user/alice/x HTTP/1.1', ['Host: h', 'Connection: close']))).toMatch(/hello$/);
});
