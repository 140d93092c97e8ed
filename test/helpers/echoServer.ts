import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { WebSocketServer } from 'ws';

/** What a target saw of a request; it answers with it. */
export interface Echo {
  name: string;
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface EchoServer {
  url: string;
  port: number;
  close(): void;
}

/**
 * A target that says what it got. `/status/418` answers so, `/redirect?to=…` redirects, `/cookies` sets two. WebSockets
 * echo, and say first what they got.
 */
export async function echoServer(
  name: string,
  { tls, socketPath }: { tls?: ServerOptions; socketPath?: string } = {},
): Promise<EchoServer> {
  const listener: RequestListener = (req, res) => void answer(name, req, res);
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket, req) => {
    socket.send(JSON.stringify(echoOf(name, req, '')));
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  if (socketPath === undefined) server.listen(0, '127.0.0.1');
  else server.listen(socketPath);
  await once(server, 'listening');
  const port = socketPath === undefined ? (server.address() as AddressInfo).port : 0;
  const scheme = tls === undefined ? 'http' : 'https';
  return {
    url: socketPath === undefined ? `${scheme}://127.0.0.1:${port}` : `http+unix://${encodeURIComponent(socketPath)}`,
    port,
    close() {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
      server.closeAllConnections();
    },
  };
}

async function answer(name: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = await text(req);
  const url = new URL(req.url!, 'http://x');
  if (url.pathname.endsWith('/never')) return;
  if (url.pathname.endsWith('/redirect')) {
    res.writeHead(302, { location: url.searchParams.get('to')! }).end();
    return;
  }
  if (url.pathname.endsWith('/cookies')) res.setHeader('set-cookie', ['a=1; Domain=x.example', 'b=2; Path=/']);
  const status = Number(/\/status\/([0-9]+)/.exec(url.pathname)?.[1] ?? 200);
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(echoOf(name, req, body)));
}

function echoOf(name: string, req: IncomingMessage, body: string): Echo {
  return { name, method: req.method!, url: req.url!, headers: req.headers, body };
}
