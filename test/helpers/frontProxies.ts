import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Certificate } from './certificates.ts';
import { opens } from './chp.ts';
import { freePort } from './gateway.ts';
import { read } from './sources.ts';
import { until } from './until.ts';

export interface FrontProxy {
  port: number;
  end(): Promise<void>;
}

interface Set {
  /** Of the front itself. */
  certificate: Certificate;
  /** Unix socket on which the gateway listens. */
  gatewaySocket: string;
  port?: number;
}

/** A real nginx with the recipe of docs/deploy.md, its names, ports and files put in. */
export function startNginx({ certificate, gatewaySocket, port = 0 }: Set): Promise<FrontProxy> {
  return startNginxWith(
    (listen) =>
      block('nginx')
        .replace('listen 443 ssl', `listen 127.0.0.1:${listen} ssl`)
        .replace('/etc/ssl/cylc.example.org.pem', certificate.cert)
        .replace('/etc/ssl/private/cylc.example.org.key', certificate.key)
        .replace('/run/cylc-gateway/http.sock', gatewaySocket),
    port,
  );
}

/** The same with a configuration of one's own, made for the port on which it listens. */
export async function startNginxWith(serversAt: (port: number) => string, port = 0): Promise<FrontProxy> {
  const listen = port === 0 ? await freePort() : port;
  const dir = mkdtempSync(join(tmpdir(), 'nginx-'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${dir}/${name};`,
  );
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const config = `${user} pid ${dir}/pid; error_log stderr; worker_processes 1; daemon off;
    events {} http { access_log off; ${temporary.join(' ')} ${serversAt(listen)} }`;
  return start('nginx', ['-p', dir, '-c', write(dir, 'nginx.conf', config)], { dir, port: listen });
}

/** A real HAProxy, likewise. */
export async function startHaproxy({ certificate, gatewaySocket, port = 0 }: Set): Promise<FrontProxy> {
  const listen = port === 0 ? await freePort() : port;
  const dir = mkdtempSync(join(tmpdir(), 'haproxy-'));
  const pem = write(dir, 'both.pem', readFileSync(certificate.cert, 'utf8') + readFileSync(certificate.key, 'utf8'));
  const recipe = block('haproxy')
    .replace('bind :443', `bind 127.0.0.1:${listen}`)
    .replace('/etc/haproxy/cylc.example.org.pem', pem)
    .replace('/run/cylc-gateway/http.sock', gatewaySocket);
  return start('haproxy', ['-db', '-f', write(dir, 'haproxy.cfg', `${recipe}\n`)], { dir, port: listen });
}

/** A real Apache, likewise, of Debian's package. */
export async function startApache({ certificate, gatewaySocket, port = 0 }: Set): Promise<FrontProxy> {
  const listen = port === 0 ? await freePort() : port;
  const dir = mkdtempSync(join(tmpdir(), 'apache-'));
  const modules = ['mpm_event', 'authz_core', 'headers', 'proxy', 'proxy_http', 'ssl', 'socache_shmcb'];
  const recipe = block('apache')
    .replace('*:443', `127.0.0.1:${listen}`)
    .replace('/etc/ssl/cylc.example.org.pem', certificate.cert)
    .replace('/etc/ssl/private/cylc.example.org.key', certificate.key)
    .replace('/run/cylc-gateway/http.sock', gatewaySocket);
  const config = [
    ...modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`),
    `ServerRoot ${dir}`,
    `PidFile ${dir}/pid`,
    'ServerName localhost',
    ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
    `ErrorLog ${dir}/error.log`,
    `Listen 127.0.0.1:${listen}`,
    recipe,
  ];
  const file = write(dir, 'apache.conf', `${config.join('\n')}\n`);
  return start('apache2', ['-f', file, '-D', 'FOREGROUND'], { dir, port: listen });
}

/** The first fenced block of that language in docs/deploy.md. */
function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(read('docs/deploy.md'))?.[1];
  if (found === undefined) throw new Error(`docs/deploy.md has no block of ${language}`);
  return found;
}

function write(dir: string, name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

async function start(
  program: string,
  args: readonly string[],
  { dir, port }: { dir: string; port: number },
): Promise<FrontProxy> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until(
    async () => child.exitCode !== null || opens({ port }),
    60_000,
    () => output,
  );
  if (child.exitCode !== null) throw new Error(`${program} ended: ${output}`);
  return {
    port,
    async end() {
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
