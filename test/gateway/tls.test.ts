/** The gateway serving by TLS itself, with a first run through it. */
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectPlain } from 'node:net';
import { connect, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificateAuthority } from '../helpers/certificates.ts';
import type { Certificate } from '../helpers/certificates.ts';
import { ask } from '../helpers/chp.ts';
import { echoes, endAll, ownerOf, signIn, startServer, withoutCylc } from '../helpers/firstVisit.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';
import { describeWith } from '../helpers/requires.ts';

describeWith(['openssl'], 'TLS of the gateway', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tls-'));
  const authority = certificateAuthority(dir);
  const first = authority.issue('first');
  const live = { key: join(dir, 'live.key'), cert: join(dir, 'live.crt') };
  let gateway: GatewayProcess;
  let visitor: Visitor;
  let owner: string;
  let port: number;
  let redirectPort: number;

  beforeAll(async () => {
    setDefaultCACertificates([readFileSync(authority.cert, 'utf8')]);
    install(first);
    [port, redirectPort] = [await freePort(), await freePort()];
    const tls = [
      'proxy.clientHeadersTimeoutS=5',
      `listen.tls.cert=${live.cert}`,
      `listen.tls.key=${live.key}`,
      `listen.redirectPort=${redirectPort}`,
    ];
    gateway = await startGateway({ port, env: withoutCylc, args: tls.flatMap((option) => ['--set', option]) });
    owner = ownerOf(gateway);
    visitor = new Visitor(`https://localhost:${port}`);
  });
  afterAll(async () => {
    await endAll(gateway);
    rmSync(dir, { recursive: true });
  });

  function install({ key, cert }: Certificate): void {
    copyFileSync(key, live.key);
    copyFileSync(cert, live.cert);
  }

  async function subject(): Promise<string> {
    const socket = connect({ port, host: 'localhost' });
    await once(socket, 'secureConnect');
    const { CN } = socket.getPeerCertificate().subject;
    socket.destroy();
    return String(CN);
  }

  test('links, cookies, pages, the server and its WebSocket are all by https', async () => {
    expect(gateway.links().get(owner)).toMatch(`https://localhost:${port}/`);
    const home = await signIn(gateway, visitor, owner);
    expect(home.status).toBe(200);
    expect(visitor.cookie('__Host-cylc-gateway')).toBeDefined();
    await startServer(gateway, visitor, owner);
    expect(await echoes(visitor, owner)).toBe(true);
  });

  test('the plain port only redirects, wherever the request says it goes', async () => {
    const at = (path: string, headers = {}, method = 'GET') =>
      ask(`http://localhost:${redirectPort}`, path, { headers, method });
    const answer = await at('/hub/home?x=1', { host: 'evil.example' });
    expect(answer).toMatchObject({ status: 301, headers: { location: `https://localhost:${port}/hub/home?x=1` } });
    expect((await at('/hub/login', {}, 'POST')).status).toBe(403);
    expect((await at('/hub/api/user')).status).toBe(403);
    expect((await at('/user/ann/cylc', { authorization: 'token cgw_x' })).status).toBe(403);
    expect((await at('//evil.example/')).status).toBe(400);
  });

  test('a renewed certificate is served without an open connection being cut', async () => {
    const socket = visitor.websocket(`/user/${owner}/cylc/subscriptions`);
    await once(socket, 'open');
    install(authority.issue('second'));
    await until(async () => (await subject()) === 'second');
    install(authority.issue('third'));
    gateway.child.kill('SIGHUP');
    await until(async () => (await subject()) === 'third');
    expect(socket.readyState).toBe(socket.OPEN);
    socket.terminate();
  });

  test.each([
    ['nothing', ''],
    ['half a handshake', '\u0016\u0003\u0001\u0002\u0000\u0001'],
  ])(
    'a client that says %s is cut off, and others are served meanwhile',
    async (_, said) => {
      const silent = connectPlain({ port, host: 'localhost' });
      silent.on('error', () => undefined).resume();
      silent.write(Buffer.from(said, 'latin1'));
      const cut = once(silent, 'close');
      expect(await subject()).not.toBe('');
      await cut;
    },
    60_000,
  );

  test('a pair that does not fit leaves the last good one, and is told', async () => {
    copyFileSync(first.key, live.key);
    gateway.child.kill('SIGHUP');
    await until(() => gateway.output().includes('the last good one stays'));
    expect(await subject()).toBe('third');
  });

  test('a certificate that is not there is told in words', async () => {
    const missing = await startGateway({
      args: ['--set', 'listen.tls.cert=/none.crt', '--set', `listen.tls.key=${first.key}`],
    });
    expect(await missing.end()).toBe(78);
    expect(missing.output()).toContain('The TLS certificate /none.crt cannot be read');
  });

  test('with clientCa, only who shows a certificate gets in', async () => {
    const own = await freePort();
    const tls = { cert: first.cert, key: first.key, clientCa: authority.cert };
    const args = Object.entries(tls).flatMap(([name, path]) => ['--set', `listen.tls.${name}=${path}`]);
    const strict = await startGateway({ port: own, env: withoutCylc, args });
    const url = `https://localhost:${own}`;
    const client = authority.issue('client');
    const shown = { key: readFileSync(client.key), cert: readFileSync(client.cert) };
    expect((await ask(url, '/hub/login', { tls: shown })).status).toBe(200);
    await expect(ask(url, '/hub/login')).rejects.toThrow();
    await strict.end();
  });
});
