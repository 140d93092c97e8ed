import { chmod, mkdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { SetupError } from '../errors.ts';
import type { Urls } from '../urls.ts';

export interface ApiListener {
  /** What servers get as JUPYTERHUB_API_URL. */
  apiUrl: string;
  close(): Promise<void>;
}

/**
 * A listener of its own for UI servers: whatever the public one is busy with, they are answered.
 * Every account must be able to connect; the bearer token is the protection.
 */
export async function listenForServers(options: {
  fetch: (request: Request) => Response | Promise<Response>;
  runtimeDir: string;
  urls: Urls;
}): Promise<ApiListener> {
  const path = join(options.runtimeDir, 'hub.sock');
  if (Buffer.byteLength(path) > 107)
    throw new SetupError(`The path of the Hub's socket is longer than 107 bytes: ${path}`, {
      advice: 'Set `runtimeDir` to a shorter path, such as /run/cylc-gateway.',
    });
  const answer = getRequestListener(options.fetch);
  const server = createServer((request, response) => {
    // hubapp sends the socket's encoded path as Host, which no URL can have.
    request.headers.host = 'hub.localhost';
    void answer(request, response);
  });
  // Longer than the 15 s for which aiohttp keeps a connection: else its POST meets a closing one, and is not repeated.
  server.keepAliveTimeout = 75_000;
  server.headersTimeout = 80_000;
  await mkdir(options.runtimeDir, { recursive: true });
  await rm(path, { force: true });
  await listen(server, path);
  await chmod(path, 0o666);
  return {
    apiUrl: `http+unix://${encodeURIComponent(path)}${options.urls.hub('api')}`,
    close: () => closeServer(server),
  };
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
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
