import type { IncomingMessage } from 'node:http';

/**
 * Why this is no handshake (RFC 6455, 4.2.1); undefined for one. Whose page opened the WebSocket is the target's to
 * judge: it knows its origins.
 */
export function upgradeFault({ method, httpVersion, headers }: IncomingMessage): string | undefined {
  if (method !== 'GET') return 'upgrade with another method than GET';
  if (httpVersion !== '1.1') return 'upgrade in HTTP/1.0';
  if (headers.upgrade?.toLowerCase() !== 'websocket') return 'upgrade to more than websocket';
  if (!/(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(headers.connection ?? '')) return 'connection: no upgrade';
  if (!/^[A-Za-z0-9+/]{22}==$/.test(headers['sec-websocket-key'] ?? '')) return 'WebSocket key is none';
  return undefined;
}
