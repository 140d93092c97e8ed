import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { listenAt } from '../listen/listening.ts';
import { boundPrivateServer } from '../listen/privateServer.ts';
import type { Logger } from './log.ts';

/** A listener of its own, on this host alone (the configuration takes no other address). Upgrades get nothing from it. */
export function createOperationsListener(
  app: Hono,
  log?: Logger,
): {
  listen(at: { host: string; port: number }): Promise<number>;
  close(): Promise<void>;
} {
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const server = createServer((req, res) => void answer(req, res));
  boundPrivateServer(server, { by: 'loopback' }, log);
  server.on('upgrade', (_, socket) =>
    socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'),
  );
  return {
    async listen(at) {
      await listenAt(server, at);
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : at.port;
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
