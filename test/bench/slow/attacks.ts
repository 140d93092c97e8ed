/** What attackers know of the gateway: its port, and the session of an account of theirs. */
export interface Victim {
  port: number;
  cookie: string;
  prefixes: readonly string[];
}

type Bytes = (victim: Victim, head: (first: string, ...headers: string[]) => string) => string;

interface Attack {
  begin: Bytes;
  /** Sent on each connection again and again. */
  drip?: string | Bytes;
  /** Sends `begin` again whenever an answer has come. */
  again?: true;
  dripMs?: number;
  /** False: not a byte of an answer is read. */
  reads?: false;
}

const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
/** As a browser sends a form of the gateway's own page: the gateway reads it. */
const form = [
  'Sec-Fetch-Site: same-origin',
  'Content-Type: application/x-www-form-urlencoded',
  'Content-Length: 100000',
];
/** A masked ping, and a masked continuation of one byte. */
const ping = '\u0089\u0080\u0000\u0000\u0000\u0000';
const fragment = '\u0000\u0081\u0000\u0000\u0000\u0000x';

/** Each opens again what is closed to it. */
export const attacks: Record<string, Attack> = {
  idle: { begin: () => '' },
  'idle after a request': { begin: ({ prefixes }, head) => head(`GET ${prefixes[0]}ok`) },
  'slow heads': { begin: () => 'GET / HTTP/1.1\r\nHost: h\r\n', drip: 'X-A: b\r\n' },
  'slow bodies': {
    begin: ({ prefixes }, head) => head(`POST ${prefixes[0]}silent`, 'Content-Length: 100000'),
    drip: 'x',
  },
  'slow bodies to our pages': {
    begin: ({ port }, head) => head('POST /hub/login', `Origin: http://localhost:${port}`, ...form),
    drip: 'x',
  },
  'slow readers': { begin: ({ prefixes }, head) => head(`GET ${prefixes[0]}endless`), reads: false },
  'readers of nothing, ahead': {
    begin: ({ prefixes }, head) => head(`GET ${prefixes[0]}big`).repeat(50),
    reads: false,
  },
  'pages asked for ahead, without end': {
    begin: ({ prefixes }, head) => head(`GET ${prefixes[0]}ok`).repeat(50),
    drip: ({ prefixes }, head) => head(`GET ${prefixes[0]}ok`).repeat(50),
    dripMs: 500,
  },
  'pages, one after another': {
    begin: ({ prefixes }, head) => head(`GET ${prefixes[0]}ok`),
    again: true,
  },
  'pages for strangers': { begin: () => 'GET /hub/login HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n' },
  'refused forms': { begin: ({ port }, head) => head('POST /hub/login', `Origin: http://localhost:${port}`, ...form) },
  'refused WebSockets': {
    begin: () => ['GET /user/root/ws HTTP/1.1', 'Host: h', ...upgrade, key, '', ''].join('\r\n'),
  },
  'idle WebSockets': { begin: ({ prefixes }, head) => head(`GET ${prefixes[0]}ws`, ...upgrade, key) },
  pings: {
    begin: ({ prefixes }, head) => head(`GET ${prefixes[0]}ws`, ...upgrade, key),
    drip: ping.repeat(500),
    dripMs: 500,
  },
  'tiny fragments': {
    begin: ({ prefixes }, head) => head(`GET ${prefixes[0]}ws`, ...upgrade, key),
    drip: fragment.repeat(500),
    dripMs: 500,
  },
  'refused requests': { begin: () => 'GET /user/alice/../x HTTP/1.1\r\nHost: h\r\n\r\n' },
};
