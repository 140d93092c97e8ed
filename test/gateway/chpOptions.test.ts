/** The options of configurable-http-proxy that the other files leave, asked of the real one and of ours. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { certificateAuthority } from '../helpers/certificates.ts';
import { ask, programs, startChp } from '../helpers/chp.ts';
import type { ChpProcess, ChpProcessOptions, ChpProgram } from '../helpers/chp.ts';
import { echoServer } from '../helpers/echoServer.ts';
import type { EchoServer } from '../helpers/echoServer.ts';
import { freePort } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';
import { describeWith } from '../helpers/requires.ts';

describeWith(['openssl'], 'options of a proxy', () => {
  const both = Object.keys(programs) as ChpProgram[];
  const dir = mkdtempSync(join(tmpdir(), 'chp-options-'));
  const authority = certificateAuthority(dir);
  const site = authority.issue('site');
  const client = authority.issue('client');
  const ca = readFileSync(authority.cert);
  const pair = { key: readFileSync(client.key), cert: readFileSync(client.cert) };
  const running: ChpProcess[] = [];
  let target: EchoServer;
  beforeAll(async () => (target = await echoServer('target')));
  afterAll(async () => {
    await Promise.all(running.map((chp) => chp.end()));
    target.close();
    rmSync(dir, { recursive: true });
  });

  async function start(program: ChpProgram, args: string[], options: ChpProcessOptions = {}): Promise<ChpProcess> {
    const chp = await startChp(program, { ...options, args: [...args, '--default-target', target.url] });
    running.push(chp);
    return chp;
  }

  /** Protocol and cipher of a handshake; undefined where it fails. */
  function handshake(
    port: number,
    options: ConnectionOptions,
  ): Promise<{ protocol: string; cipher: string } | undefined> {
    return new Promise((resolve) => {
      const socket = connectTls({ port, host: '127.0.0.1', ca, ...options });
      socket.once('secureConnect', () => {
        resolve({ protocol: socket.getProtocol() ?? '', cipher: socket.getCipher().name });
        socket.destroy();
      });
      socket.once('error', () => resolve(undefined));
    });
  }

  describe.each(both)('%s', (program) => {
    const tls = ['--ssl-key', site.key, '--ssl-cert', site.cert];

    test('--ssl-request-cert, --ssl-reject-unauthorized and --ssl-ca: only who shows a certificate gets in', async () => {
      const asking = ['--ssl-request-cert', '--ssl-reject-unauthorized', '--ssl-ca', authority.cert];
      const chp = await start(program, [...tls, ...asking]);
      expect((await chp.ask('/x', { tls: { ca, ...pair } })).status).toBe(200);
      await expect(chp.ask('/x', { tls: { ca } })).rejects.toThrow();
    });

    test('--ssl-ciphers, --ssl-dhparam and --ssl-protocol', async () => {
      const dhparam = join(dir, 'dh.pem');
      if (!existsSync(dhparam))
        execFileSync('openssl', ['dhparam', '-dsaparam', '-out', dhparam, '2048'], { stdio: 'pipe' });
      const cipher = 'ECDHE-ECDSA-AES128-GCM-SHA256';
      const chp = await start(program, [...tls, '--ssl-ciphers', cipher, '--ssl-dhparam', dhparam]);
      const old = { maxVersion: 'TLSv1.2' } as const;
      expect(await handshake(chp.port, old)).toEqual({ protocol: 'TLSv1.2', cipher });
      expect(await handshake(chp.port, { ...old, ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' })).toBe(undefined);
      const fixed = await start(program, [...tls, '--ssl-protocol', 'TLSv1_2']);
      expect((await handshake(fixed.port, {}))?.protocol).toBe('TLSv1.2');
    });

    test('a key with a passphrase, from the environment', async () => {
      const key = join(dir, 'locked.key');
      const lock = ['pkcs8', '-topk8', '-in', site.key, '-out', key, '-passout', 'pass:open sesame'];
      execFileSync('openssl', lock, { stdio: 'pipe' });
      const args = ['--ssl-key', key, '--ssl-cert', site.cert, '--api-ssl-key', key, '--api-ssl-cert', site.cert];
      const env = { CONFIGPROXY_SSL_KEY_PASSPHRASE: 'open sesame', CONFIGPROXY_API_SSL_KEY_PASSPHRASE: 'open sesame' };
      const chp = await start(program, args, { env });
      expect((await chp.ask('/x', { tls: { ca } })).status).toBe(200);
      expect((await chp.api('/api/routes', { tls: { ca } })).status).toBe(200);
    });

    test('--redirect-to', async () => {
      const port = String(await freePort());
      await start(program, [...tls, '--redirect-port', port, '--redirect-to', '443']);
      const { headers } = await ask(`http://localhost:${port}`, '/some/where?x=1');
      expect(headers.location).toMatch(/^https:\/\/localhost(?::443)?\/some\/where\?x=1$/);
    });

    test('--pid-file, there while it runs', async () => {
      const file = join(dir, `${program === 'cylc-gateway proxy' ? 'ours' : 'theirs'}.pid`);
      const chp = await start(program, ['--pid-file', file]);
      await until(() => existsSync(file));
      expect(readFileSync(file, 'utf8')).toBe(String(chp.pid));
      await chp.end();
      expect(existsSync(file)).toBe(false);
    });

    test('--metrics-ip and --metrics-port', async () => {
      const port = await freePort();
      const chp = await start(program, ['--metrics-ip', '127.0.0.1', '--metrics-port', String(port)]);
      await chp.ask('/x');
      const { status, body } = await ask(`http://127.0.0.1:${port}`, '/metrics');
      expect(status).toBe(200);
      expect(body).toMatch(/^requests_web 1$/m);
    });

    test('--log-level', async () => {
      const quiet = await start(program, ['--log-level', 'error']);
      await quiet.addRoute('/a', target.url);
      const loud = await start(program, ['--log-level', 'info']);
      await loud.addRoute('/a', target.url);
      await until(() => loud.output().includes('/a'));
      expect(quiet.output()).not.toContain('/a');
    });

    test('--timeout drops a client whose request is not answered, --keep-alive-timeout one that asks nothing more', async () => {
      const chp = await start(program, ['--timeout', '600', '--keep-alive-timeout', '300']);
      expect(await ends(chp, 'GET /never HTTP/1.1\r\nHost: h\r\n\r\n')).toBe('');
      const got = await ends(chp, 'GET /x HTTP/1.1\r\nHost: h\r\n\r\n');
      expect(got).toMatch(/^HTTP\/1\.1 200/);
    });
  });

  /** What comes on a connection until the other side ends it. */
  function ends({ port }: ChpProcess, request: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      let got = '';
      const late = setTimeout(() => reject(new Error('the connection is still open')), 8000);
      socket.on('data', (chunk) => (got += chunk.toString('latin1')));
      socket.once('close', () => {
        clearTimeout(late);
        resolve(got);
      });
      socket.on('error', () => undefined);
      socket.write(request);
    });
  }
});
