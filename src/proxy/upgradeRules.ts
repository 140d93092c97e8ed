/** What is read of a handshake. Edge-safe. */
export interface Handshake {
  method?: string | undefined;
  httpVersion: string;
  /** By names in lower case. */
  headers: {
    readonly upgrade?: string | undefined;
    readonly connection?: string | undefined;
    readonly expect?: string | undefined;
    readonly 'sec-websocket-version'?: string | undefined;
    readonly 'sec-websocket-key'?: string | undefined;
  };
}

/**
 * Whether a request with an `Upgrade` header is an upgrade at all. Other protocols may be ignored (RFC 9110, 7.8), as
 * some clients offer h2c with every request; whatever names WebSocket goes the strict way.
 */
export function isWebSocketUpgrade(req: Pick<Handshake, 'headers'>): boolean {
  return req.headers.upgrade?.toLowerCase().includes('websocket') === true;
}

/** Why this is no handshake as RFC 6455, 4.2.1 wants it; undefined for a good one. Its origin is the gate's concern. */
export function upgradeFault(req: Handshake): string | undefined {
  if (req.method !== 'GET') return 'upgrade with another method than GET';
  if (req.httpVersion !== '1.1') return 'upgrade in HTTP/1.0';
  if (req.headers.upgrade?.toLowerCase() !== 'websocket') return 'upgrade to more than websocket';
  if (!/(?:^|,)[ \t]*upgrade[ \t]*(?:,|$)/i.test(req.headers.connection ?? '')) return 'connection: no upgrade';
  if (req.headers.expect !== undefined) return 'an upgrade has no body to wait for';
  if (req.headers['sec-websocket-version'] !== '13') return 'WebSocket version is not 13';
  if (!/^[A-Za-z0-9+/]{22}==$/.test(req.headers['sec-websocket-key'] ?? '')) return 'WebSocket key is none';
  return undefined;
}
