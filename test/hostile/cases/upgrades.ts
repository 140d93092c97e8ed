import { bytesOf, handshake, refused, shown, signedIn } from '../case.ts';
import type { Case, Fate } from '../case.ts';

const first = 'GET /user/alice/ws HTTP/1.1';
const foreign: Fate = { kind: 'denied', status: 403 };

/** The handshake with one header replaced, removed or added. */
function varied(name: string, ...values: string[]): string[] {
  return [
    ...handshake.filter((line) => !line.toLowerCase().startsWith(`${name.toLowerCase()}:`)),
    ...values.map((value) => `${name}: ${value}`),
  ];
}

const malformed: readonly (readonly [string, readonly string[], string])[] = [
  ['no version', varied('Sec-WebSocket-Version'), 'RFC 6455, 4.2.1'],
  ...['8', '7', '0', '12', '14', '013', '13, 8', '1 3', 'x', ''].map(
    (version) => [`version ${shown(version)}`, varied('Sec-WebSocket-Version', version), 'RFC 6455, 4.2.1'] as const,
  ),
  ['two versions', varied('Sec-WebSocket-Version', '13', '8'), 'RFC 6455, 4.2.1'],
  ['no key', varied('Sec-WebSocket-Key'), 'RFC 6455, 4.2.1'],
  ...[
    '',
    'x',
    'dGhlIHNhbXBsZSBub25jZQ=',
    'dGhlIHNhbXBsZSBub25jZQ===',
    'dGhlIHNhbXBsZSBub25jZ!==',
    'A'.repeat(8000),
  ].map((key) => [`key ${shown(key)}`, varied('Sec-WebSocket-Key', key), 'RFC 6455, 4.2.1'] as const),
  ['two keys', varied('Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==', 'AAAAAAAAAAAAAAAAAAAAAA=='), 'RFC 6455, 4.2.1'],
  ...['websocket, h2c', 'h2c, websocket', 'websocket/13', 'websocketx', 'x-websocket', 'web socket websocket'].map(
    (protocol) => [`Upgrade: ${protocol}`, varied('Upgrade', protocol), 'jupyter-server-proxy CVE-2024-28179'] as const,
  ),
  ['two Upgrades', varied('Upgrade', 'websocket', 'h2c'), 'jupyter-server-proxy CVE-2024-28179'],
];

const origins = [
  'HTTP://LOCALHOST:8000/',
  'http://localhost:8000/',
  'http://localhost:8000, http://evil.example',
  'http://localhost.:8000',
  'http://alice.localhost:8000',
  'http://127.0.0.1:8000',
  'http://[::1]:8000',
  '',
  ' ',
  'http://evil.example',
  'null',
  'http://localhost',
  'http://localhost:8001',
  'https://localhost:8000',
  'http://localhost:8000.evil.example',
  'http://evil.example/http://localhost:8000',
  'http://x.localhost:8000',
  'http://localhost:8000@evil.example',
  'file://',
  'http://h.evil.example',
  'chrome-extension://abc',
  'x',
];

export const upgrades: Case[] = [
  ...malformed.map(([name, headers, ref]) => ({
    name,
    ref,
    fate: refused,
    bytes: bytesOf(first, [...signedIn, ...headers]),
  })),
  ...['POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].map((method) => ({
    name: `by ${method}`,
    ref: 'RFC 6455, 4.1',
    fate: refused,
    bytes: bytesOf(`${method} /user/alice/ws HTTP/1.1`, [...signedIn, ...handshake]),
  })),
  {
    name: 'in HTTP/1.0',
    ref: 'RFC 6455, 4.1',
    fate: refused,
    bytes: bytesOf('GET /user/alice/ws HTTP/1.0', [...signedIn, ...handshake]),
  },
  ...(
    [
      ['200 headers', Array.from({ length: 200 }, (_, i) => `X-${i}: 1`), 'ws CVE-2024-37890', refused],
      ['3,000 headers', Array.from({ length: 3000 }, (_, i) => `X-${i}: 12345678`), 'ws CVE-2024-37890', refused],
      [
        '40 kB of protocols',
        [`Sec-WebSocket-Protocol: ${'a, '.repeat(13_000)}b`],
        'ws CVE-2021-32640',
        { kind: 'refused', status: 431 },
      ],
      [
        '40 kB of extensions',
        [`Sec-WebSocket-Extensions: ${'a;b, '.repeat(8000)}c`],
        'ws CVE-2021-32640',
        { kind: 'refused', status: 431 },
      ],
    ] as const
  ).map(([name, headers, ref, fate]): Case => ({
    name: `with ${name}`,
    ref,
    fate,
    bytes: bytesOf(first, [...signedIn, ...handshake, ...headers]),
  })),
  ...origins.map((origin) => ({
    name: `from a page of ${shown(origin)}`,
    ref: 'code-server 4.10.1',
    fate: foreign,
    bytes: bytesOf(first, [...signedIn, ...handshake, `Origin: ${origin}`]),
  })),
  ...['cross-site', 'same-site'].map((site) => ({
    name: `that the browser calls ${site}`,
    ref: 'code-server 4.10.1',
    fate: foreign,
    bytes: bytesOf(first, [...signedIn, ...handshake, 'Origin: http://h', `Sec-Fetch-Site: ${site}`]),
  })),
  ...['/hub/home', '/', '/hub/api/users', '/user'].map((path): Case => ({
    name: `of ${path}, where there is none`,
    ref: 'jupyter-server-proxy CVE-2024-28179',
    fate: { kind: 'denied', status: 404 },
    bytes: bytesOf(`GET ${path} HTTP/1.1`, [...signedIn, ...handshake]),
  })),
  ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD'].flatMap((method): Case[] => [
    {
      name: `${method} without a session`,
      ref: 'deny by default',
      fate: { kind: 'denied', status: 401 },
      bytes: bytesOf(`${method} /user/alice/x HTTP/1.1`, ['Host: h']),
    },
    {
      name: `${method} of another person's server`,
      ref: 'deny by default',
      fate: { kind: 'denied', status: 403 },
      bytes: bytesOf(`${method} /user/bob/x HTTP/1.1`, signedIn),
    },
  ]),
];
