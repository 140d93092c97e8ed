import type { Rendered, Route } from './types.ts';

const dayS = 86_400;

/**
 * Paths of a UI server that the gateway answers itself. jupyter_server breaks the connection on `favicon.ico` and
 * `robots.txt`; its `login` page would print a token that is of no use behind the gateway.
 */
export function wellKnownAnswer(route: Route, path: string): Rendered | undefined {
  if (route.target.kind !== 'server' || path.length - route.prefix.length > 11) return undefined;
  switch (path.slice(route.prefix.length)) {
    case 'favicon.ico':
      return { status: 204, headers: { 'cache-control': `private, max-age=${dayS}` }, body: '' };
    case 'robots.txt':
      return text(200, 'User-agent: *\nDisallow: /\n');
    case 'login':
      return text(404, 'There is nothing at this address.\n');
    default:
      return undefined;
  }
}

function text(status: number, body: string): Rendered {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }, body };
}
