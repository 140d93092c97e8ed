import { ordersFront } from './frontHeaders.ts';

/** What becomes of a header, by its name. Edge-safe: web standards only. */
export type HeaderKind =
  | 'pass'
  /** Ends at this hop (RFC 9110, 7.6.1), or states what only we may state. */
  | 'drop'
  | 'connection'
  | 'cookie'
  | 'te'
  | 'authorization'
  | 'set-cookie'
  /** An order to what stands in front of the gateway. */
  | 'order';

const hopByHop = [
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
];

/** A client's word on who it is or where it comes from: programs behind us believe these blindly. */
const claims = [
  'forwarded',
  'via',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'fastly-client-ip',
  'x-scheme',
  'x-proxyscheme',
  'x-original-uri',
  'x-original-url',
  'x-original-host',
  'x-original-method',
  'x-rewrite-url',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'remote-user',
  'x-remote-user',
  'x-user',
  'x-email',
  'x-groups',
  'x-webauth-user',
  'x-access-token',
  'x-id-token',
  'x-jwt-assertion',
  'x-request-id',
  'front-end-https',
  // Rack and Rails would answer with an order to the front, as the client likes
  'x-sendfile-type',
  'x-accel-mapping',
  'ssl-client-cert',
];
const claimPrefixes = [
  'x-forwarded-',
  'x-auth-request-',
  'x-authenticated-',
  'x-remote-',
  'x-ssl-client-',
  'x-envoy-',
  'x-cylc-gateway-',
  'x-amzn-oidc-',
  'x-goog-authenticated-',
  'x-ms-client-principal',
  'x-jupyterhub-proxy-',
];

const requestKinds = new Map<string, HeaderKind>([
  ...[...hopByHop, ...claims, 'expect'].map((name): [string, HeaderKind] => [name, 'drop']),
  ['connection', 'connection'],
  ['te', 'te'],
  ['cookie', 'cookie'],
  ['authorization', 'authorization'],
]);

/** They speak for the whole origin, which an upstream does not own. */
const originWide = [
  'clear-site-data',
  'strict-transport-security',
  'alt-svc',
  'nel',
  'report-to',
  'public-key-pins',
  'public-key-pins-report-only',
  'expect-ct',
  'x-request-id',
  'service-worker-allowed',
  // Remembered for all pages of the origin: hints that browsers then send, whether somebody is signed in, a dictionary
  // that bodies are decompressed with, a session that holds up requests until the upstream has renewed it
  'accept-ch',
  'critical-ch',
  'set-login',
  'use-as-dictionary',
  'sec-session-registration',
  'sec-session-challenge',
  'secure-session-registration',
  'secure-session-challenge',
  'secure-session-skipped',
];

/**
 * With the opener policy of our own pages, a page of an upstream would keep its hold on one of ours that it opened. And
 * these isolate a page from other origins, which makes timers exact enough to read the memory of a process that it
 * shares with our pages (Spectre).
 */
const isolation = [
  'cross-origin-opener-policy',
  'cross-origin-opener-policy-report-only',
  'cross-origin-embedder-policy',
  'cross-origin-embedder-policy-report-only',
  'document-isolation-policy',
  'document-isolation-policy-report-only',
  'origin-agent-cluster',
];

const responseKinds = new Map<string, HeaderKind>([
  ...[...hopByHop, ...originWide, ...isolation].map((name): [string, HeaderKind] => [name, 'drop']),
  ['connection', 'connection'],
  ['set-cookie', 'set-cookie'],
]);

/** Framing and routing names: an alias of one (`content_length`) may be read as the real one further on. */
const framing = new Set(['host', 'content-length', 'origin', 'content-type', 'sec-websocket-key', 'sec-fetch-site']);

/**
 * Programs behind us may read `X_Forwarded_For` and `x.forwarded.for` as `X-Forwarded-For` (CGI and WSGI do), so
 * the name is compared with dashes for both (oauth2-proxy CVE-2025-64484, Traefik CVE-2026-39858).
 */
export function requestHeaderKind(name: string): HeaderKind {
  const lower = name.toLowerCase();
  const plain = lower.replace(/[_.]/g, '-');
  const kind = requestKinds.get(plain) ?? (claimPrefixes.some((prefix) => plain.startsWith(prefix)) ? 'drop' : 'pass');
  if (plain === lower) return kind;
  return kind !== 'pass' || framing.has(plain) ? 'drop' : 'pass';
}

export function responseHeaderKind(name: string): HeaderKind {
  return responseKinds.get(name.toLowerCase()) ?? (ordersFront(name) ? 'order' : 'pass');
}
