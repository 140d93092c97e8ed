import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { SetupError } from '../errors.ts';
import type { PeerOf } from '../listen/peerCredentials.ts';
import { boundPrivateServer } from '../listen/privateServer.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Urls } from '../urls.ts';

export interface ApiListener {
  /** What servers get as JUPYTERHUB_API_URL. */
  apiUrl: string;
  /** What managed services get: many a program of JupyterHub's world knows no unix sockets. */
  loopbackUrl: string;
  close(): Promise<void>;
}

/**
 * A listener of its own for UI servers: whatever the public one is busy with, they are answered. Every account must be
 * able to connect: what protects is the bearer token, and that a server's own is taken from its owner's processes alone.
 */
export async function listenForServers(options: {
  /**
   * `env` is what `@hono/node-server` gives: the request and response of node:http. `socket` is undefined for a call by
   * TCP, where nobody can tell which account calls.
   */
  fetch: (request: Request, env: object, socket: Socket | undefined) => Response | Promise<Response>;
  runtimeDir: string;
  urls: Urls;
  /** Whose a connection to the socket is. */
  peerOf?: PeerOf | undefined;
  log?: Logger;
  /** Whether there are services to be answered by TCP, on an address that only this machine reaches. */
  loopback?: boolean;
}): Promise<ApiListener> {
  const path = join(options.runtimeDir, 'hub.sock');
  if (Buffer.byteLength(path) > 107)
    throw new SetupError(`The path of the Hub's socket is longer than 107 bytes: ${path}`, {
      advice: 'Set `runtimeDir` to a shorter path, such as /run/cylc-gateway.',
    });
  const listener = (kind: 'unix' | 'tcp'): Server => {
    const answer = getRequestListener((request, env) =>
      options.fetch(request, env, kind === 'unix' ? env.incoming.socket : undefined),
    );
    const server = createServer((request, response) => {
      // hubapp sends the socket's encoded path as Host, which no URL can have.
      request.headers.host = 'hub.localhost';
      void answer(request, response);
    });
    boundPrivateServer(
      server,
      kind === 'tcp' ? { by: 'loopback' } : { by: 'socket', peerOf: options.peerOf },
      options.log,
    );
    return server;
  };
  const server = listener('unix');
  const byTcp = options.loopback === true ? listener('tcp') : undefined;
  await mkdir(options.runtimeDir, { recursive: true });
  await rm(path, { force: true });
  await listen(server, { path });
  await chmod(path, 0o666);
  if (byTcp !== undefined) await listen(byTcp, { host: '127.0.0.1', port: 0 });
  const port = (byTcp?.address() as AddressInfo | undefined)?.port;
  const api = options.urls.hub('api');
  return {
    apiUrl: `http+unix://${encodeURIComponent(path)}${api}`,
    loopbackUrl: port === undefined ? '' : `http://127.0.0.1:${port}${api}`,
    async close() {
      await closeServer(server);
      if (byTcp !== undefined) await closeServer(byTcp);
    },
  };
}

function listen(server: Server, where: { path: string } | { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
