import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/**
 * `fickleServer.ts SOCKET PORT RESTART_MS`: an upstream by unix socket and by TCP that answers, stalls, breaks off or
 * resets, as the last segment of the path says, and every so often restarts: all its connections are reset, and for a
 * moment nobody listens.
 */
const [path = '', port = '', restartMs = '0'] = process.argv.slice(2);
const piece = Buffer.alloc(65_536, 'x');
const open = new Set<Socket>();

const agreed = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n';
const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n';
const short = 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf';

const behaviours: Record<string, (socket: Socket) => void> = {
  ok: (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'),
  big: (socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${4 * piece.length}\r\n\r\n`) && writeTimes(socket, 4),
  stream: (socket) => socket.write(`${chunked}0\r\n\r\n`),
  slow: (socket) => void setTimeout(() => behaviours['ok']!(socket), 30),
  die: (socket) => socket.destroy(),
  reset,
  half: (socket) => socket.end(short),
  cut: (socket) => socket.write(short, () => reset(socket)),
  odd: (socket) => socket.end('nonsense\r\n\r\n'),
  stall: (socket) => socket.write(chunked),
  silent: () => undefined,
  endless: (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n') && feed(socket),
  ws: (socket) => socket.write(agreed, () => socket.on('data', (bytes: Buffer) => socket.write(bytes))),
  wsdie: (socket) => socket.write(agreed, () => setTimeout(() => reset(socket), 20)),
  wsend: (socket) => socket.write(agreed, () => setTimeout(() => socket.end(Buffer.of(0x88, 0)), 20)),
  wsno: (socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
};

/** TCP only: a unix socket knows no reset. */
function reset(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

function writeTimes(socket: Socket, times: number): void {
  for (let i = 0; i < times; i += 1) socket.write(piece);
}

function feed(socket: Socket): void {
  const more = (): void => {
    while (!socket.writableNeedDrain && !socket.destroyed) socket.write(piece);
  };
  socket.on('drain', more);
  more();
}

function take(socket: Socket): void {
  open.add(socket);
  let pending = '';
  socket.on('error', () => undefined);
  socket.on('close', () => open.delete(socket));
  const read = (bytes: Buffer): void => {
    pending += bytes.toString('latin1');
    const end = pending.indexOf('\r\n\r\n');
    if (end === -1) return;
    const target = /^\w+ \S*\/(\w+) /.exec(pending)?.[1] ?? '';
    if (target.startsWith('ws')) socket.off('data', read);
    pending = '';
    (behaviours[target] ?? behaviours['ok']!)(socket);
  };
  socket.on('data', read);
}

function listen(server: Server, at: string | number): void {
  if (typeof at === 'string') rmSync(at, { force: true });
  server.listen(typeof at === 'string' ? { path: at } : { port: at, host: '127.0.0.1' });
}

const servers = [path, Number(port)].map((at) => ({ at, server: createServer(take).on('error', () => undefined) }));
for (const { at, server } of servers) listen(server, at);
if (Number(restartMs) > 0)
  setInterval(() => {
    for (const { server } of servers) server.close();
    for (const socket of open) reset(socket);
    setTimeout(() => servers.forEach(({ at, server }) => listen(server, at)), 40);
  }, Number(restartMs));
