/**
 * `node smallService.ts SOCKET_OR_PORT`: a service that tells what it got: its environment at `<prefix>env`, the headers
 * of the request at any other path, of an upgrade too, which it refuses. `GET <prefix>die` ends it.
 */
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';

const where = process.argv[2] ?? '';
const prefix = process.env['JUPYTERHUB_SERVICE_PREFIX'] ?? '/';
const server = createServer((request, response) => {
  if (request.url === `${prefix}die`) process.exit(3);
  const told = request.url === `${prefix}env` ? process.env : request.headers;
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ pid: process.pid, ...told }));
});
server.on('upgrade', (request, socket) => {
  const body = JSON.stringify(request.headers);
  socket.end(`HTTP/1.1 418 No\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
});
if (/^\d+$/.test(where)) server.listen(Number(where), '127.0.0.1');
else {
  rmSync(where, { force: true });
  server.listen(where);
}
console.log(`small service listens at ${where}`);
process.on('SIGTERM', () => process.exit(0));
