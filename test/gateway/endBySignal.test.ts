import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { endAll, ownerOf, signIn, startServer, withoutCylc } from '../helpers/firstVisit.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { Visitor } from '../helpers/visitor.ts';

/** Ctrl-C while somebody's request is still running: at a service that takes connections and never answers. */
let silent: Server;
let gateway: GatewayProcess;
let visitor: Visitor;

beforeEach(async () => {
  silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterEach(async () => {
  await endAll(gateway);
  silent.close();
});

/** A gateway with a running server and a running request. */
async function busyGateway(drainS: number): Promise<void> {
  const { port } = silent.address() as AddressInfo;
  const services = `[{ name: silent, kind: external, url: http://127.0.0.1:${port}/ }]`;
  gateway = await startGateway({
    env: { ...withoutCylc, CYLC_GATEWAY_SERVICES: services },
    args: ['--set', `proxy.drainS=${drainS}`],
  });
  visitor = new Visitor(gateway.origin);
  await signIn(gateway, visitor, ownerOf(gateway));
  await startServer(gateway, visitor, ownerOf(gateway));
  const arrived = once(silent, 'connection');
  void visitor.get('/services/silent/').catch(() => {});
  await arrived;
}

test('once: it ends politely, after the drain, and says that the server goes on', async () => {
  await busyGateway(0.5);
  expect(await gateway.end('SIGINT')).toBe(0);
  expect(gateway.output()).toMatch(/Ending \(Ctrl-C again: at once\)\. 1 server goes on .*\n.*npm run servers:stop/);
});

test('twice: at once, with the code of the signal, and the server goes on all the same', async () => {
  await busyGateway(60);
  gateway.child.kill('SIGINT');
  await sleep(300);
  expect(gateway.child.exitCode).toBeNull();
  expect(await gateway.end('SIGINT')).toBe(130);
  expect(gateway.output()).toMatch(/Ended at once\. 1 server goes on/);
  const port = Number(new URL(gateway.origin).port);
  gateway = await startGateway({ env: withoutCylc, port, dataDir: gateway.dataDir });
  expect(gateway.output()).toMatch(/server found again/);
  expect((await visitor.get(`/user/${ownerOf(gateway)}/`)).body).toContain('stand-in');
});
