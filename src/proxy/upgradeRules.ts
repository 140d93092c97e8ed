import type { IncomingMessage } from 'node:http';
import type { ErrorCode } from '../errors.ts';
import type { CanonicalRequest } from './canonical.ts';

/**
 * Whether a request with an `Upgrade` header is an upgrade at all. Other protocols may be ignored (RFC 9110, 7.8), as
 * some clients offer h2c with every request; whatever names WebSocket goes the strict way.
 */
export function isWebSocketUpgrade(req: IncomingMessage): boolean {
  return req.headers.upgrade?.toLowerCase().includes('websocket') === true;
}

export interface UpgradeFault {
  code: ErrorCode;
  reason: string;
}

/** The handshake as RFC 6455, 4.2.1 wants it, from a page of ours (code-server 4.10.1: cross-site WebSockets). */
export function upgradeFault(
  req: IncomingMessage,
  request: CanonicalRequest,
  publicOrigin: string,
): UpgradeFault | undefined {
  const malformed = (reason: string): UpgradeFault => ({ code: 'request.malformed', reason });
  if (req.method !== 'GET') return malformed('upgrade with another method than GET');
  if (req.httpVersion !== '1.1') return malformed('upgrade in HTTP/1.0');
  if (req.headers.upgrade?.toLowerCase() !== 'websocket') return malformed('upgrade to more than websocket');
  if (!/(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(req.headers.connection ?? ''))
    return malformed('connection: no upgrade');
  if (req.headers['sec-websocket-version'] !== '13') return malformed('WebSocket version is not 13');
  if (!/^[A-Za-z0-9+/]{22}==$/.test(req.headers['sec-websocket-key'] ?? '')) return malformed('WebSocket key is none');
  if (!originFits(request, publicOrigin)) return { code: 'access.origin', reason: 'origin is not ours' };
  return undefined;
}

/** No Origin: not a browser, whose cookies another page could use. Otherwise it is the public one, or that of Host. */
export function originFits({ origin, host, fetchSite }: CanonicalRequest, publicOrigin: string): boolean {
  if (fetchSite === 'cross-site' || fetchSite === 'same-site') return origin === publicOrigin;
  if (origin === undefined || origin === publicOrigin) return true;
  return host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
}
