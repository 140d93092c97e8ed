import type { IncomingMessage, Server, ServerOptions } from 'node:http';
import type { Config } from '../config/schema.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Urls } from '../urls.ts';
import { createClientFinder } from './clientAddress.ts';
import type { Client } from './clientAddress.ts';
import { listenAt } from './listening.ts';
import { createRedirectServer } from './redirectServer.ts';
import { createListener } from './tlsServer.ts';

export interface ListeningRoom {
  /** Makes the public server, plain or TLS. */
  create(options: ServerOptions): Server;
  findClient(req: Pick<IncomingMessage, 'headers' | 'socket'>): Client;
  /** Opens the public port, and the one that redirects to it. Throws a `SetupError` where one is not to be had. */
  listen(door: Server): Promise<void>;
  /** Reads the certificate anew. */
  reload(): Promise<void>;
  close(): void;
}

/** How the world reaches the gateway: ports, TLS, and which proxies in front are believed. */
export async function createListening(options: {
  config: Config['listen'];
  urls: Urls;
  log: Logger;
}): Promise<ListeningRoom> {
  const { host, port, tls, redirectPort, trustedProxies, forwardedHeaders } = options.config;
  const listener = await createListener({
    tls: tls === undefined ? undefined : servingOf(tls),
    log: options.log,
  });
  const redirect =
    redirectPort === undefined ? undefined : createRedirectServer((req) => options.urls.origin + req.url!);
  return {
    create: (serverOptions) => listener.create(serverOptions),
    findClient: createClientFinder({ proxies: trustedProxies, headers: forwardedHeaders }),
    async listen(door) {
      await listenAt(door, { host, port });
      if (redirect !== undefined) await listenAt(redirect, { host, port: redirectPort! });
    },
    reload: () => listener.reload(),
    close() {
      listener.close();
      redirect?.close();
      redirect?.closeAllConnections();
    },
  };
}

function servingOf({ cert, key, clientCa, minVersion }: NonNullable<Config['listen']['tls']>) {
  return {
    files: { cert, key, ca: clientCa },
    context: { minVersion, honorCipherOrder: true },
    requireClientCert: clientCa !== undefined,
  };
}
