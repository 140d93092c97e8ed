import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { Hono } from 'hono';
import type { HubWorld } from './hubWorld.ts';

export interface HubFront {
  origin: string;
  close(): Promise<void>;
}

/** The least reverse proxy: `/user/…` to one server's socket, `/hub/api` to the hub. No gate: only the Hub is tested. */
export async function startHubFront(world: () => HubWorld, sock: string): Promise<HubFront> {
  const root = new Hono({ strict: false });
  root.all('/hub/api/*', (c) => {
    const app = new Hono({ strict: false }).route('/hub/api', world().hub.app);
    return app.fetch(c.req.raw);
  });
  const answer = getRequestListener(root.fetch);
  const server = createServer((incoming, outgoing) => {
    if (!isServerPath(incoming)) {
      void answer(incoming, outgoing);
      return;
    }
    const options = { socketPath: sock, path: incoming.url, method: incoming.method, headers: incoming.headers };
    const upstream = request(options, (reply) => {
      outgoing.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.pipe(outgoing);
    });
    upstream.on('error', () => outgoing.destroy());
    incoming.pipe(upstream);
  });
  server.on('upgrade', (incoming, socket) => {
    const upstream = createConnection(sock);
    const lines = incoming.rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`));
    upstream.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join('')}\r\n`);
    upstream.pipe(socket).pipe(upstream);
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const)
      one.on('error', () => other.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function isServerPath(incoming: IncomingMessage): boolean {
  return incoming.url?.startsWith('/user/') === true;
}
