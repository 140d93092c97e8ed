import { X509Certificate } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import type { RequestListener, Server, ServerOptions } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { Logger } from '../telemetry/log.ts';
import { readTls } from './tlsMaterial.ts';
import type { TlsFiles, TlsServing } from './tlsMaterial.ts';

export interface Listener {
  /** Makes the one server that listens: plain, or TLS. */
  create(options: ServerOptions, handler?: RequestListener): Server;
  /** Reads the certificate anew now (SIGHUP). Open connections keep what they have. */
  reload(): Promise<void>;
  /** Ends the watch on the files. */
  close(): void;
}

/** How often the files are looked at, ms. `stat` works where change events do not: NFS, and links moved by Kubernetes. */
const watchMs = 2000;
const handshakeMs = 20_000;

/**
 * Serves by TLS where `tls` is given, with the certificate taken anew when its files change: new connections get the new
 * one, none is dropped. Files that cannot be used leave the last good ones in place, and are told in the log.
 */
export async function createListener({ tls, log }: { tls: TlsServing | undefined; log: Logger }): Promise<Listener> {
  if (tls === undefined)
    return { create: (options, handler) => createHttp(options, handler), reload: () => Promise.resolve(), close() {} };
  let material = await readTls(tls);
  let seen = await stamps(tls.files);
  const servers = new Set<ReturnType<typeof createHttps>>();

  async function reload(): Promise<void> {
    try {
      material = await readTls(tls!);
      for (const server of servers) server.setSecureContext(material);
      const { subject, validTo } = new X509Certificate(material.cert as Buffer);
      log.info({ file: tls!.files.cert, subject, validTo }, 'certificate taken anew');
    } catch (error) {
      log.error({ file: tls!.files.cert, err: error }, 'the new certificate cannot be used; the last good one stays');
    }
  }

  async function look(): Promise<void> {
    const now = await stamps(tls!.files);
    if (now === seen) return;
    seen = now;
    await reload();
  }

  const timer = setInterval(() => void look(), watchMs).unref();
  return {
    create(options, handler) {
      const { requireClientCert } = tls;
      // Who does not get on with the handshake is no better than who does not with a head; Node would wait for two minutes
      const { headersTimeout: handshakeTimeout = handshakeMs } = options;
      const asking = { requestCert: requireClientCert, rejectUnauthorized: requireClientCert };
      const server = createHttps({ ...material, ...options, ...asking, handshakeTimeout }, handler);
      servers.add(server);
      server.once('close', () => servers.delete(server));
      return server;
    },
    reload,
    close: () => clearInterval(timer),
  };
}

/** Changes when one of the files does; a file that is away for a moment counts as a change too. */
async function stamps(files: TlsFiles): Promise<string> {
  const paths = [files.cert, files.key, files.ca, files.dhparam].filter((path) => path !== undefined);
  const all = await Promise.all(
    paths.map((path) => stat(path).then(({ mtimeMs, ino, size }) => `${mtimeMs} ${ino} ${size}`, String)),
  );
  return all.join('\n');
}
