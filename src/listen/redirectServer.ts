import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';

/** Answers every request with a redirect; 400 where `to` knows none. 308 keeps the method (RFC 9110, 15.4.9). */
export function createRedirectServer(to: (req: IncomingMessage) => string | undefined): Server {
  return createServer({ headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 1000 }, (req, res) => {
    req.resume();
    const location = isPath(req.url) ? to(req) : undefined;
    if (location === undefined) {
      res.writeHead(400, { connection: 'close', 'content-type': 'text/plain' });
      res.end('This port only redirects to https, and it cannot tell where to from this request.\n');
      return;
    }
    const safe = req.method === 'GET' || req.method === 'HEAD';
    res.writeHead(safe ? 301 : 308, { location, 'content-length': 0 });
    res.end();
  });
}

/** Two slashes would name another host. */
function isPath(target: string | undefined): boolean {
  return target !== undefined && /^\/(?![/\\])[!-~]*$/.test(target);
}
