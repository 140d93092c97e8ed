import { get, shown } from '../case.ts';
import type { Case } from '../case.ts';

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const first = 'GET /user/alice/x HTTP/1.1';

/** Headers sent, and those that arrive beside Host. */
const cases: readonly (readonly [readonly string[], readonly string[], string])[] = [
  [['Connection: X-Forwarded-For'], [], 'Fabio CVE-2025-48865'],
  [['Connection: X-Forwarded-Proto, X-Forwarded-Host'], [], 'Fabio CVE-2025-48865'],
  [['Connection: host'], [], 'RFC 9110, 7.6.1'],
  [['Connection: cookie'], [], 'the gate has read the cookie'],
  [['X-A: 1', 'Connection: x-a'], [], 'RFC 9110, 7.6.1'],
  [['X-A: 1', 'Connection: keep-alive, X-A'], [], 'RFC 9110, 7.6.1'],
  [['X-A: 1', 'X-B: 2', 'Connection: x-a', 'Connection: x-b'], [], 'RFC 9110, 7.6.1'],
  [['X-A: 1', 'X-B: 2', 'Connection: ,, x-a ,'], ['X-B: 2'], 'RFC 9110, 5.6.1'],
  [['Origin: http://a', 'Connection: origin'], ['Origin: http://a'], 'the gate has read the origin'],
  [['Keep-Alive: timeout=999, max=1'], [], 'RFC 9110, 7.6.1'],
  [['Proxy-Connection: keep-alive'], [], 'RFC 9110, 7.6.1'],
  [['Proxy-Authorization: Basic eA=='], [], 'RFC 9110, 11.7.2'],
  [['Proxy-Authenticate: x'], [], 'RFC 9110, 11.7.1'],
  [['TE: chunked'], [], 'RFC 9110, 10.1.4'],
  [['TE: gzip;q=1, deflate'], [], 'RFC 9110, 10.1.4'],
  [['TE: trailers'], ['TE: trailers', 'Connection: TE'], 'RFC 9110, 10.1.4'],
  [['T_E: trailers'], ['T_E: trailers'], 'no alias of TE is known'],
  [['Trailer: Content-Length'], [], 'RFC 9110, 6.6.2'],
  [['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__'], [], 'h2c smuggling'],
  [['Upgrade: h2c', 'Connection: Upgrade'], [], 'h2c smuggling'],
  [['Upgrade: TLS/1.0', 'Connection: Upgrade'], [], 'RFC 2817'],
  [['Upgrade: foo', 'Connection: Upgrade'], [], 'RFC 9110, 7.8'],
  [['Upgrade: h2c'], [], 'h2c smuggling'],
  [['Connection: upgrade'], [], 'nothing to upgrade to'],
  [['HTTP2-Settings: AAMAAABkAAQAAP__'], [], 'h2c smuggling'],
  [['Transfer_Encoding: chunked'], [], 'WSGI reads it as the coding'],
  [['Transfer.Encoding: chunked'], [], 'CGI reads it as the coding'],
  [['Proxy: http://evil.example'], ['Proxy: http://evil.example'], 'httpoxy concerns CGI alone; Tornado has none'],
  ...[['Connection: keep-alive'], []].map(
    (connection) =>
      [['Upgrade: websocket', key, ...connection], [key], 'RFC 9110, 7.8: no upgrade was asked for'] as const,
  ),
];

export const hopByHop: Case[] = [
  ...cases.map(([headers, kept, ref]): Case => ({
    name: shown(headers.join('|')),
    ref,
    fate: { kind: 'carried', lines: [first, 'Host: h', ...kept] },
    bytes: get(headers),
  })),
  {
    name: 'Expect: 200-ok',
    ref: 'RFC 9110, 10.1.1',
    fate: { kind: 'denied', status: 417 },
    bytes: get(['Expect: 200-ok']),
  },
];
