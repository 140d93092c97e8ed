/** The recipes of docs/deploy.md in real front proxies, with everything below a path: a whole first run through each. */
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { activatedAt } from '../helpers/activation.ts';
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

describeWith(['apache', 'nginx', 'haproxy', 'openssl', 'python'], 'a front proxy', () => {
  const dir = mkdtempSync(join(tmpdir(), 'front-'));
  const authority = certificateAuthority(dir);
  const certificate = authority.issue('front');
  beforeAll(() => setDefaultCACertificates([readFileSync(authority.cert, 'utf8')]));
  afterAll(() => rmSync(dir, { recursive: true }));

  describe('nginx', () => firstRunBehind(startNginx));
  describe('HAProxy', () => firstRunBehind(startHaproxy));
  describe('Apache', () => firstRunBehind(startApache));
  describe('nginx, on a socket that systemd has opened', () => firstRunBehind(startNginx, { isActivated: true }));

  function firstRunBehind(startFront: typeof startNginx, { isActivated = false } = {}): void {
    const base = '/some/cylc/';
    let front: FrontProxy;
    let gateway: GatewayProcess;
    let origin: string;
    let visitor: Visitor;
    let owner: string;
    let folder: string;
    beforeAll(async () => {
      const port = await freePort();
      folder = mkdtempSync(join(tmpdir(), 'front-socket-'));
      chmodSync(folder, 0o711);
      const gatewaySocket = join(folder, 'http.sock');
      front = await startFront({ certificate, gatewaySocket, port });
      origin = `https://localhost:${port}`;
      const listen = isActivated ? [] : [`listen.socket=${gatewaySocket}`, 'listen.socketMode="0666"'];
      const options = [...listen, 'log.level=info'];
      const args = ['--public-url', `${origin}/some/cylc`, ...options.flatMap((option) => ['--set', option])];
      const by = isActivated ? activatedAt(gatewaySocket) : [];
      gateway = await startGateway({ env: withoutCylc, args, by });
      visitor = new Visitor(origin);
      owner = ownerOf(gateway);
    });
    afterAll(async () => {
      await endAll(gateway);
      await front.end();
      rmSync(folder, { recursive: true, force: true });
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

    test('nothing listens on a port, and no process that the gateway started has its socket', () => {
      expect(gateway.output()).not.toMatch(/Cannot listen/);
      const pid = gateway.child.pid ?? 0;
      expect(portsOf(pid)).toEqual([]);
      const socket = isActivated ? readlinkSync(`/proc/${pid}/fd/3`) : undefined;
      if (socket === undefined) return expect(statSync(join(folder, 'http.sock')).mode & 0o777).toBe(0o666);
      expect(socket).toMatch(/^socket:/);
      const others = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(pid));
      expect(others.filter((other) => descriptorsOf(other).includes(socket))).toEqual([]);
    });

    test('outside the path, there is nothing', async () => {
      expect((await ask(origin, '/')).status).toBe(404);
    });
  }
});

function descriptorsOf(pid: number | string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((name) => readlinkSync(`/proc/${pid}/fd/${name}`));
  } catch {
    return [];
  }
}

/** TCP ports (hexadecimal) on which this process listens. */
function portsOf(pid: number): string[] {
  const own = new Set(descriptorsOf(pid));
  const rows = ['tcp', 'tcp6'].flatMap((name) => readFileSync(`/proc/net/${name}`, 'utf8').split('\n').slice(1));
  return rows.flatMap((row) => {
    const fields = row.trim().split(/\s+/);
    return fields[3] === '0A' && own.has(`socket:[${fields[9]}]`) ? [fields[1] ?? ''] : [];
  });
}
