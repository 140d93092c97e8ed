import { bothWays, get, refused, shown, signedIn } from '../case.ts';
import type { Case } from '../case.ts';

const path = '/user/alice/x';
const badInName = '()/;<=>?@[\\]{}" \t\u0000\u0001\u007f\u00e9'.split('');
const badInValue = ['\u0000', '\u0001', '\u0008', '\u000b', '\u000c', '\u001b', '\u007f', 'a\rb', 'a\nX-B: 1'];

const lines = [
  ['X-A: 1', ' folded', 'RFC 9112, 5.2'],
  ['X-A: 1', '\tfolded', 'RFC 9112, 5.2'],
  ['X-A: 1', ' Cookie: a=b', 'RFC 9112, 5.2'],
  ['no colon', 'RFC 9112, 5'],
  [':', 'HAProxy CVE-2023-25725'],
  [': x', 'HAProxy CVE-2023-25725'],
  ['X-A : 1', 'llhttp CVE-2021-22959'],
  ['Origin: http://a', 'Origin: http://b', 'two answers to who asks'],
  ['Authorization: a', 'authorization: b', 'two proofs'],
  ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Site: cross-site', 'two answers to who asks'],
] as const;

/** Who someone is, or where it comes from: only the gateway says so. */
const claims = [
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Port',
  'X-Forwarded-Prefix',
  'X-Forwarded-Uri',
  'X-Forwarded-User',
  'X-Forwarded-Email',
  'X-Forwarded-Groups',
  'X-Forwarded-Access-Token',
  'X-Real-IP',
  'X-Client-IP',
  'True-Client-IP',
  'CF-Connecting-IP',
  'X-Scheme',
  'X-Original-URL',
  'X-Rewrite-URL',
  'X-HTTP-Method-Override',
  'Remote-User',
  'X-Remote-User',
  'X-Remote-Group',
  'X-Auth-Request-User',
  'X-Auth-Request-Email',
  'X-Authenticated-User',
  'X-WebAuth-User',
  'X-SSL-Client-Cert',
  'X-Envoy-Original-Path',
  'X-Goog-Authenticated-User-Email',
  'X-MS-Client-Principal',
  'X-Amzn-Oidc-Identity',
  'X-Cylc-Gateway-User',
  'Via',
  'X-Request-Id',
];
const spellings: ((name: string) => string)[] = [
  (name) => name,
  (name) => name.toUpperCase(),
  (name) => name.toLowerCase().replaceAll('-', '_'),
  (name) => name.replaceAll('-', '.'),
];

const carried = { kind: 'carried', lines: [`GET ${path} HTTP/1.1`, 'Host: h'] } as const;

const floods: Case[] = [
  { name: '200 headers', ref: 'ws CVE-2024-37890', fate: refused, bytes: get(many(200, 'X-A: 1')) },
  {
    name: 'a header of 40 kB',
    ref: 'RFC 6585, 5',
    fate: { kind: 'refused', status: 431 },
    bytes: get([`X-A: ${'a'.repeat(40_000)}`]),
  },
  {
    name: '3,000 headers',
    ref: 'RFC 6585, 5',
    fate: refused,
    bytes: get(many(3000, 'X-Abcdefgh: 12345678')),
  },
  {
    name: 'a header name of 40 kB',
    ref: 'RFC 6585, 5',
    fate: { kind: 'refused', status: 431 },
    bytes: get([`${'a'.repeat(40_000)}: 1`]),
  },
];

export const headers: Case[] = [
  ...badInName.map((character) => ({
    name: `a name with ${shown(character)}`,
    ref: 'RFC 9110, 5.1',
    fate: refused,
    bytes: get([`X${character}A: 1`]),
  })),
  ...badInValue.flatMap((value) =>
    bothWays(`a value with ${shown(value)}`, 'RFC 9110, 5.5', [...signedIn, `X-A: ${value}`], path, refused),
  ),
  ...lines.flatMap((of) =>
    bothWays(shown(of.slice(0, -1).join('|')), of.at(-1)!, [...signedIn, ...of.slice(0, -1)], path, refused),
  ),
  ...claims.flatMap((claim) =>
    [...new Set(spellings.map((spell) => spell(claim)))].map((name) => ({
      name: `${name}: root`,
      ref: 'oauth2-proxy CVE-2025-64484, Traefik CVE-2026-39858',
      fate: carried,
      bytes: get([`${name}: root`]),
    })),
  ),
  ...['token secret-token', 'Bearer secret-token', 'Basic c2VjcmV0'].map((value) => ({
    name: `Authorization: ${value}`,
    ref: 'coder#22041',
    fate: carried,
    bytes: get([`Authorization: ${value}`]),
  })),
  ...floods,
];

function many(count: number, line: string): string[] {
  return Array.from({ length: count }, () => line);
}
