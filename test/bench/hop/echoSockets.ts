import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

/** Upstream for WebSockets: sends back what comes. */
const server = createServer((_, res) => res.end('ok'));
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('error', () => undefined);
  socket.on('message', (data, binary) => socket.send(data, { binary }));
});
server.listen(Number(process.argv[2]), '127.0.0.1');
