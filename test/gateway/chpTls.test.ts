/** TLS of configurable-http-proxy and of ours: towards browsers, the Hub and targets; redirect; what only ours does. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { certificateAuthority } from '../helpers/certificates.ts';
import { ask, programs, startChp } from '../helpers/chp.ts';
import type { ChpProcess, ChpProgram } from '../helpers/chp.ts';
import { echoServer } from '../helpers/echoServer.ts';
import type { Echo, EchoServer } from '../helpers/echoServer.ts';
import { freePort } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { describeWith } from '../helpers/requires.ts';

describeWith(['openssl'], 'TLS of a proxy', () => {
  const dir = mkdtempSync(join(tmpdir(), 'chp-tls-'));
  const both = Object.keys(programs) as ChpProgram[];
  const authority = certificateAuthority(dir);
  const site = authority.issue('site');
  const client = authority.issue('client');
  const ca = readFileSync(authority.cert);
  const pair = { key: readFileSync(client.key), cert: readFileSync(client.cert) };
  const running: ChpProcess[] = [];
  let plain: EchoServer;
  let secure: EchoServer;

  beforeAll(async () => {
    plain = await echoServer('plain');
    const { key, cert } = authority.issue('target');
    const files = { key: readFileSync(key), cert: readFileSync(cert), ca };
    secure = await echoServer('secure', { tls: { ...files, requestCert: true, rejectUnauthorized: true } });
  });
  afterAll(async () => {
    await Promise.all(running.map((chp) => chp.end()));
    for (const server of [plain, secure]) server.close();
    rmSync(dir, { recursive: true });
  });

  async function start(program: ChpProgram, ...args: string[]): Promise<ChpProcess> {
    const chp = await startChp(program, { args });
    running.push(chp);
    return chp;
  }

  describe.each(both)('%s', (program) => {
    test('serves by TLS, and redirects plain http to it', async () => {
      const redirectPort = String(await freePort());
      const args = ['--ssl-key', site.key, '--ssl-cert', site.cert, '--redirect-port', redirectPort];
      const chp = await start(program, ...args, '--default-target', plain.url);
      const { headers } = JSON.parse((await chp.ask('/x', { tls: { ca } })).body) as Echo;
      expect(headers).toMatchObject({ 'x-forwarded-proto': 'https', 'x-forwarded-port': String(chp.port) });
      const redirect = await ask(`http://localhost:${redirectPort}`, '/some/where?x=1');
      expect(redirect.status).toBe(301);
      expect(redirect.headers.location).toBe(`https://localhost:${chp.port}/some/where?x=1`);
      const socket = new WebSocket(`wss://localhost:${chp.port}/ws`, { ca });
      const [hello] = await new Promise<Buffer[]>((resolve) =>
        socket.once('message', (data: Buffer) => resolve([data])),
      );
      expect((JSON.parse(String(hello)) as Echo).url).toBe('/ws');
      socket.terminate();
    });

    test('asks clients of the API for certificates', async () => {
      const asking = ['--api-ssl-request-cert', '--api-ssl-reject-unauthorized', '--api-ssl-ca', authority.cert];
      const chp = await start(program, '--api-ssl-key', site.key, '--api-ssl-cert', site.cert, ...asking);
      expect((await chp.api('/api/routes', { tls: { ca, ...pair } })).status).toBe(200);
      await expect(chp.api('/api/routes', { tls: { ca } })).rejects.toThrow();
    });

    test('reaches targets that ask for a certificate, and believes only its own authority', async () => {
      const ours = ['--client-ssl-key', client.key, '--client-ssl-cert', client.cert];
      const chp = await start(program, ...ours, '--client-ssl-ca', authority.cert, '--default-target', secure.url);
      // The certificate is that of the target, whatever name the browser uses
      const host = program === 'cylc-gateway proxy' ? 'hub.example' : 'localhost';
      for (const name of [host, 'localhost'])
        expect(JSON.parse((await chp.ask('/x', { headers: { host: name } })).body)).toMatchObject({ name: 'secure' });
      const socket = new WebSocket(`${chp.url.replace('http', 'ws')}/ws`);
      await new Promise((resolve) => socket.once('message', resolve));
      socket.terminate();
      const stranger = await start(program, ...ours, '--default-target', secure.url);
      expect((await stranger.ask('/x', { headers: { host: 'localhost' } })).status).toBe(503);
    });
  });

  describe('cylc-gateway proxy', () => {
    const ours = 'cylc-gateway proxy';
    const subjectAt = (port: number): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ port, host: '127.0.0.1', ca }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.destroy();
        });
        socket.once('error', reject);
      });

    test('takes renewed certificates without dropping a connection', async () => {
      const files = { key: join(dir, 'live.key'), cert: join(dir, 'live.crt') };
      const use = (from: typeof files): void => {
        copyFileSync(from.key, files.key);
        copyFileSync(from.cert, files.cert);
      };
      use(site);
      const chp = await start(ours, '--ssl-key', files.key, '--ssl-cert', files.cert, '--default-target', plain.url);
      const socket = new WebSocket(`wss://localhost:${chp.port}/ws`, { ca });
      await new Promise((resolve) => socket.once('message', resolve));
      expect(await subjectAt(chp.port)).toBe('site');
      use(authority.issue('renewed'));
      await until(async () => (await subjectAt(chp.port)) === 'renewed');
      use(authority.issue('again'));
      process.kill(chp.pid, 'SIGHUP');
      await until(async () => (await subjectAt(chp.port)) === 'again');
      copyFileSync(site.key, files.key);
      process.kill(chp.pid, 'SIGHUP');
      await until(() => chp.output().includes('the last good one stays'));
      expect(await subjectAt(chp.port)).toBe('again');
      const echoed = new Promise((resolve) => socket.once('message', resolve));
      socket.send('still here');
      expect(String(await echoed)).toBe('still here');
      socket.terminate();
    });

    test('--insecure takes any certificate', async () => {
      const certs = ['--client-ssl-key', client.key, '--client-ssl-cert', client.cert];
      const chp = await start(ours, ...certs, '--insecure', '--default-target', secure.url);
      expect((await chp.ask('/x')).status).toBe(200);
    });

    test.each([
      [['--ssl-key', site.key], '--ssl-key and --ssl-cert belong together'],
      [['--ssl-key', client.key, '--ssl-cert', site.cert], 'does not belong to the certificate'],
      [['--redirect-port', '1'], 'HTTPS redirection specified but certificates not provided'],
      [['--custom-header', 'no colon'], 'A colon was expected'],
      [['--storage-backend', 'x'], 'not supported'],
      [['--default-target', 'localhost:1'], 'is no target'],
      [['--error-path', 'x', '--error-target', 'http://x'], 'cannot be used with'],
    ])('says what is wrong with %j', async (args, words) => {
      const chp = await startChp(ours, { args });
      running.push(chp);
      expect(chp.output()).toContain(words);
      expect(await chp.end()).toBeGreaterThan(0);
    });

    test('ends its WebSockets with 1001, and itself with 0', async () => {
      const chp = await start(ours, '--default-target', plain.url);
      const socket = new WebSocket(`${chp.url.replace('http', 'ws')}/ws`);
      await new Promise((resolve) => socket.once('message', resolve));
      const closed = new Promise((resolve) => socket.once('close', resolve));
      expect(await chp.end()).toBe(0);
      expect(await closed).toBe(1001);
    });

    test('refuses what could be read in two ways, and forged hop-by-hop names', async () => {
      const chp = await start(ours, '--default-target', plain.url);
      for (const path of ['/a/../b', '/a/%2e%2e/b', '/a%00', '/a%zz', '/a\\b', '*', 'http://x/a'])
        expect([path, (await chp.ask(path)).status]).toEqual([path, 400]);
      for (const path of ['//a', '/a//b', '/a%2Fb', '/a;b'])
        expect((JSON.parse((await chp.ask(path)).body) as Echo).url).toBe(path);
      const headers = { connection: 'x-mine, cookie', 'x-mine': '1', cookie: 'a=1', te: 'gzip' };
      const seen = (JSON.parse((await chp.ask('/a', { headers })).body) as Echo).headers;
      expect(seen).toMatchObject({ cookie: 'a=1' });
      expect(seen).not.toHaveProperty('x-mine');
    });

    test('without a token, the API takes no word from a web page', async () => {
      const chp = await startChp(ours, { token: '' });
      running.push(chp);
      const authorization = '';
      expect((await chp.api('/api/routes', { headers: { authorization } })).status).toBe(200);
      const headers = { authorization, origin: 'https://evil.example' };
      expect((await chp.api('/api/routes', { headers })).status).toBe(403);
    });
  });
});
