import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { Agent, fetch as undiciFetch } from 'undici';
import { listenAt } from './listening.ts';
import { boundPrivateServer } from './privateServer.ts';

export interface InnerListener {
  listen(): Promise<void>;
  /** As `fetch`, but whatever host the URL names, the request comes to this listener. */
  fetch(url: string, init?: object): Promise<Response>;
  close(): Promise<void>;
}

/**
 * A way for the gateway to reach a part of itself, whatever its public listener is (TLS, behind another proxy, closed to
 * strangers): a unix socket that only its own user can open.
 */
export function createInnerListener(path: string, handler: RequestListener): InnerListener {
  const server = createServer(handler);
  boundPrivateServer(server, { by: 'socket', peerOf: undefined }, undefined);
  const agent = new Agent({ connect: { socketPath: path }, keepAliveTimeout: 1000 });
  return {
    async listen() {
      await listenAt(server, { path });
      await chmod(path, 0o600);
    },
    async fetch(url, init) {
      const { pathname, search } = new URL(url);
      const answer = await undiciFetch(`http://localhost${pathname}${search}`, { ...init, dispatcher: agent });
      const headers = [...answer.headers].filter(([name]) => name !== 'content-length');
      return new Response(await answer.text(), { status: answer.status, headers });
    },
    async close() {
      await agent.close();
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
