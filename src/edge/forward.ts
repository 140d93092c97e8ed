import { SignJWT } from 'jose';
import type { EdgeSettings } from './settings.ts';

/** The origin can demand it: only what came through the edge has one. */
export const edgeHeader = 'x-cylc-gateway-edge';
/** Long enough for a slow connection and a clock that is off, short enough to be of no use when it leaks. */
const assertionLifetimeS = 60;

/** Sends the request on to the gateway and hands its answer back as it is, WebSocket included; nothing is cached. */
export async function forward(
  request: Request,
  url: URL,
  options: { settings: EdgeSettings; account: string | undefined },
): Promise<Response> {
  const { settings, account } = options;
  const target = new URL(url.pathname + url.search, settings.origin);
  const headers = new Headers(request.headers);
  headers.delete(edgeHeader);
  headers.set('x-forwarded-host', url.host);
  headers.set('x-forwarded-proto', url.protocol.slice(0, -1));
  const client = request.headers.get('cf-connecting-ip');
  if (client === null) headers.delete('x-forwarded-for');
  else headers.set('x-forwarded-for', client);
  if (settings.secret !== undefined)
    headers.set(edgeHeader, await assertion(request, target, account, settings.secret));
  return fetch(new Request(target, request), { headers, redirect: 'manual', cache: 'no-store' });
}

/** Names method and address (`htm`, `htu`: the claims of RFC 9449), so that it is good for this request alone. */
function assertion(request: Request, target: URL, account: string | undefined, secret: Uint8Array): Promise<string> {
  const claims = { htm: request.method, htu: target.pathname + target.search };
  const token = new SignJWT(account === undefined ? claims : { ...claims, sub: account })
    .setProtectedHeader({ alg: 'HS256', typ: 'cylc-gateway-edge+jwt' })
    .setIssuer('cylc-gateway-edge')
    .setAudience('cylc-gateway')
    .setIssuedAt()
    .setExpirationTime(`${assertionLifetimeS}s`);
  return token.sign(secret);
}
