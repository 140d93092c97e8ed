/** The recipes of docs/deploy.md in real front proxies, with everything below a path: a whole first run through each. */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificateAuthority } from '../helpers/certificates.ts';
import { ask } from '../helpers/chp.ts';
import { echoes, endAll, ownerOf, signIn, startServer, withoutCylc } from '../helpers/firstVisit.ts';
import { startApache, startHaproxy, startNginx } from '../helpers/frontProxies.ts';
import type { FrontProxy } from '../helpers/frontProxies.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

describeWith(['apache', 'nginx', 'haproxy', 'openssl'], 'a front proxy', () => {
  const dir = mkdtempSync(join(tmpdir(), 'front-'));
  const authority = certificateAuthority(dir);
  const certificate = authority.issue('front');
  beforeAll(() => setDefaultCACertificates([readFileSync(authority.cert, 'utf8')]));
  afterAll(() => rmSync(dir, { recursive: true }));

  describe('nginx', () => firstRunBehind(startNginx));
  describe('HAProxy', () => firstRunBehind(startHaproxy));
  describe('Apache', () => firstRunBehind(startApache));

  function firstRunBehind(startFront: typeof startNginx): void {
    const base = '/some/cylc/';
    let front: FrontProxy;
    let gateway: GatewayProcess;
    let origin: string;
    let visitor: Visitor;
    let owner: string;
    beforeAll(async () => {
      const [port, gatewayPort] = [await freePort(), await freePort()];
      front = await startFront({ certificate, gatewayPort, port });
      origin = `https://localhost:${port}`;
      const options = ['listen.trustedProxies=[127.0.0.1]', 'log.level=info'];
      const args = ['--public-url', `${origin}/some/cylc`, ...options.flatMap((option) => ['--set', option])];
      gateway = await startGateway({ port: gatewayPort, env: withoutCylc, args });
      visitor = new Visitor(origin);
      owner = ownerOf(gateway);
    });
    afterAll(async () => {
      await endAll(gateway);
      await front.end();
    });

    test('sign-in, start, page and WebSocket work below the path', async () => {
      expect(gateway.links().get(owner)).toMatch(`${origin}${base}hub/login?link=`);
      const home = await signIn(gateway, visitor, owner);
      expect(home.status).toBe(200);
      expect(home.url).toBe(`${origin}${base}hub/home`);
      expect((await visitor.get(base)).url).toBe(`${origin}${base}hub/home`);
      await startServer(gateway, visitor, owner, base);
      expect(await echoes(visitor, owner, base)).toBe(true);
      expect((await visitor.get(`${base}hub/home`)).body).not.toMatch(/(?:href|src|action)="\/(?!some\/cylc\/)/);
    });

    test('a WebSocket from a page of another site is refused', async () => {
      const socket = visitor.websocket(`${base}user/${owner}/cylc/subscriptions`, [], {
        origin: 'https://evil.example',
      });
      socket.on('error', () => {});
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
      expect(response.statusCode).toBe(403);
      socket.terminate();
    });

    test("the log has the visitor's address, not that of the proxy, nor one the visitor made up", async () => {
      const headers = { 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6' };
      await ask(origin, `${base}hub/a%2fb`, { headers, tls: { localAddress: '127.0.0.2', host: '127.0.0.1' } });
      await until(
        () => gateway.output().includes('127.0.0.2'),
        5000,
        () => gateway.output(),
      );
      expect(gateway.output()).not.toContain('6.6.6.6');
    });

    test('outside the path, there is nothing', async () => {
      expect((await ask(origin, '/')).status).toBe(404);
    });
  }
});
