import type { IncomingMessage, RequestListener, Server, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { takeActivation } from '../config/socketActivation.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Urls } from '../urls.ts';
import { clientOf, createClientFinder, createTrust, plainAddress } from './clientAddress.ts';
import type { Client } from './clientAddress.ts';
import { affordableConnections, limitConnections } from './connectionLimits.ts';
import { createInnerListener } from './innerListener.ts';
import { listenAtInherited } from './inheritedSocket.ts';
import { listenAt } from './listening.ts';
import { createRedirectServer, isPageLoad } from './redirectServer.ts';
import { createListener } from './tlsServer.ts';
import { listenAtSocket } from './unixSocket.ts';

export interface ListeningRoom {
  /** Makes the public server, plain or TLS. */
  create(options: ServerOptions): Server;
  findClient(req: Pick<IncomingMessage, 'headers' | 'socket'>): Client;
  /** Fetches from the built-in provider, whatever host the URL names. */
  fetchOwn(url: string, init?: object): Promise<Response>;
  /** Opens the public port, and the one that redirects to it. Throws a `SetupError` where one is not to be had. */
  listen(door: Server): Promise<void>;
  /** Reads the certificate anew. */
  reload(): Promise<void>;
  close(): Promise<void>;
}

const limitNames = { inAll: 'listen.maxConnections', perPeer: 'listen.connectionsPerAddress' };

/** How the world reaches the gateway: ports, TLS, and which proxies in front are believed. */
export async function createListening(options: {
  config: Config['listen'];
  urls: Urls;
  /** Handler of the built-in provider. */
  provider: RequestListener;
  runtimeDir: string;
  log: Logger;
}): Promise<ListeningRoom> {
  const { host, tls, redirectPort, trustedProxies, forwardedHeaders } = options.config;
  const inherited = takeActivation();
  const inAll = options.config.maxConnections ?? affordableConnections();
  const perAddress = options.config.connectionsPerAddress ?? Math.ceil(inAll / 4);
  const listener = await createListener({
    tls: tls === undefined ? undefined : servingOf(tls),
    log: options.log,
  });
  const inner = createInnerListener(join(options.runtimeDir, 'provider.sock'), options.provider);
  const redirect =
    redirectPort === undefined
      ? undefined
      : createRedirectServer((req) => options.urls.origin + req.url!, {
          pagesOnly: (req) => isPageLoad(req, options.urls.hub('api')),
        });
  let findClient = clientOf;
  return {
    create: (serverOptions) => listener.create(serverOptions),
    findClient: (req) => findClient(req),
    fetchOwn: (url, init) => inner.fetch(url, init),
    async listen(door) {
      await inner.listen();
      await listenForClients(door, options.config, inherited);
      // Of an inherited unix socket Node knows no address at all
      const isLocal = door.address() === null || typeof door.address() === 'string';
      const trust = { proxies: trustedProxies, headers: forwardedHeaders, isLocal };
      findClient = createClientFinder(trust);
      const trusts = createTrust(trust);
      const peerOf = ({ remoteAddress }: Socket): string | undefined => {
        const address = plainAddress(remoteAddress);
        return trusts(address) ? undefined : address;
      };
      limitConnections(door, { inAll, perPeer: perAddress, peerOf, names: limitNames }, options.log);
      if (redirect !== undefined) await listenAt(redirect, { host, port: redirectPort! });
    },
    reload: () => listener.reload(),
    async close() {
      listener.close();
      redirect?.close();
      redirect?.closeAllConnections();
      await inner.close();
    },
  };
}

/** On the socket that systemd has opened, on one of our own, or on a port. */
function listenForClients(door: Server, config: Config['listen'], inherited: number | undefined): Promise<void> {
  const { host, port, socket: path, socketMode: mode, socketGroup: group } = config;
  if (inherited !== undefined) return listenAtInherited(door, inherited);
  return path === undefined ? listenAt(door, { host, port }) : listenAtSocket(door, { path, mode, group });
}

function servingOf({ cert, key, clientCa, minVersion }: NonNullable<Config['listen']['tls']>) {
  return {
    files: { cert, key, ca: clientCa },
    context: { minVersion, honorCipherOrder: true },
    requireClientCert: clientCa !== undefined,
  };
}
