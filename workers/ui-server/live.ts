import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { RawData } from 'ws';
import type { Settings } from './settings.ts';
import type { SignIn } from './signIn.ts';

/** A WebSocket where hubapp has its subscriptions: the time each second, and an echo of what is sent. */
export function serveLive(server: Server, settings: Settings, signIn: SignIn): () => void {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: 1024 * 1024 });
  sockets.on('connection', (socket) => {
    const tell = () => socket.send(JSON.stringify({ time: new Date().toISOString() }));
    const timer = setInterval(tell, 1000);
    tell();
    socket.on('message', (data, binary) => socket.send(binary ? data : JSON.stringify({ echo: textOf(data) })));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => clearInterval(timer));
  });

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { pathname } = new URL(request.url ?? '', 'http://server');
    const known = pathname === `${settings.prefix}cylc/subscriptions`;
    if (!known || !sameOrigin(request) || (await signIn.visitor(request)) === undefined)
      return void socket.end(`HTTP/1.1 ${known ? '403 Forbidden' : '404 Not Found'}\r\nConnection: close\r\n\r\n`);
    sockets.handleUpgrade(request, socket, head, (live) => sockets.emit('connection', live, request));
  }

  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    upgrade(request, socket, head).catch(() => socket.destroy());
  });
  return () => {
    for (const socket of sockets.clients) socket.close(1001, 'server stops');
  };
}

function sameOrigin({ headers }: IncomingMessage): boolean {
  return headers.origin === undefined || new URL(headers.origin).host === headers.host;
}

function textOf(data: RawData): string {
  return Buffer.isBuffer(data) ? data.toString('utf8') : '';
}
