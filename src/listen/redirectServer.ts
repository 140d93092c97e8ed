import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Answers requests with a redirect; 400 where `to` knows none. 308 keeps the method (RFC 9110, 15.4.9). With
 * `pagesOnly`, what is no page load is refused (403): a program whose calls are redirected goes on sending its token in
 * the clear, and nobody notices (OWASP ASVS 5, 4.1.2).
 */
export function createRedirectServer(
  to: (req: IncomingMessage) => string | undefined,
  options: { pagesOnly?: (req: IncomingMessage) => boolean } = {},
): Server {
  return createServer({ headersTimeout: 10_000, requestTimeout: 10_000, keepAliveTimeout: 1000 }, (req, res) => {
    req.resume();
    const location = isPath(req.url) ? to(req) : undefined;
    if (location === undefined)
      return refuse(res, 400, 'This port only redirects to https, and it cannot tell where to from this request.');
    if (options.pagesOnly?.(req) === false)
      return refuse(
        res,
        403,
        'This port only redirects page loads. Send this request by https, and replace any token in it.',
      );
    const safe = req.method === 'GET' || req.method === 'HEAD';
    res.writeHead(safe ? 301 : 308, { location, 'content-length': 0 });
    res.end();
  });
}

/** A load that a person's browser could have begun: it reads, and bears no credential of a program. */
export function isPageLoad({ method, headers, url }: IncomingMessage, api: string): boolean {
  const reads = method === 'GET' || method === 'HEAD';
  const { pathname } = new URL(url!, 'http://any');
  return reads && headers.authorization === undefined && !`${pathname}/`.startsWith(`${api}/`);
}

function refuse(res: ServerResponse, status: number, text: string): void {
  res.writeHead(status, { connection: 'close', 'content-type': 'text/plain; charset=utf-8' });
  res.end(`${text}\n`);
}

/** Two slashes would name another host. */
function isPath(target: string | undefined): boolean {
  return target !== undefined && /^\/(?![/\\])[!-~]*$/.test(target);
}
