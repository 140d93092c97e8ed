import { bytesOf, get, handshake, post, refused, shown, signedIn } from '../case.ts';
import type { Case } from '../case.ts';

const smuggled = 'GET /user/bob/secret HTTP/1.1\r\nHost: h\r\n\r\n';
const chunked = `0\r\n\r\n${smuggled}`;

/** Headers of a POST whose end two programs could see in two places. */
const unclear: readonly (readonly [string, readonly string[], string])[] = [
  ['CL.TE', ['Content-Length: 5', 'Transfer-Encoding: chunked'], chunked],
  ['TE.CL', ['Transfer-Encoding: chunked', 'Content-Length: 5'], chunked],
  ['CL.0 beside TE', ['Content-Length: 0', 'Transfer-Encoding: chunked'], chunked],
  ['two lengths', ['Content-Length: 1', 'Content-Length: 40'], smuggled],
  ['the same length twice', ['Content-Length: 5', 'Content-Length: 5'], 'hello'],
  ['two spellings: undici CVE-2026-1525', ['Content-Length: 5', 'content-length: 0'], 'hello'],
  ['TE twice', ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunked],
  ['TE twice, the second odd', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], chunked],
];

const lengths = [
  '+5',
  '-1',
  '-0',
  '5, 5',
  '5,5',
  '5 5',
  '0x5',
  '5e0',
  '5.0',
  'five',
  '',
  '"5"',
  '5;',
  '9999999999999999',
  '99999999999999999999999',
  '18446744073709551621',
  '\u00b5',
  '5\u0000',
  '5\u000b',
];

const codings = [
  'gzip',
  'identity',
  'gzip, chunked',
  'chunked, gzip',
  'chunked, chunked',
  'chunked, identity',
  'xchunked',
  'chunkedx',
  '"chunked"',
  "'chunked'",
  'chunked;q=1',
  'chunked,',
  ',chunked',
  'cow',
  '',
  'chunked\u0000',
  'chunked\u000b',
  '\u000bchunked',
  'chun\u00ebked',
  '{chunked}',
];

const lines = [
  ['Transfer-Encoding : chunked', 'llhttp CVE-2021-22959'],
  ['Transfer-Encoding\t: chunked', 'llhttp CVE-2021-22959'],
  ['Transfer-Encoding:\n chunked', 'folded by a line feed'],
  ['Transfer-Encoding:\r\n chunked', 'folded'],
  ['Transfer-Encoding\r\n : chunked', 'folded'],
  ['X: y\nTransfer-Encoding: chunked', 'a header behind a line feed'],
  ['X: y\rTransfer-Encoding: chunked', 'a header behind a carriage return'],
  ['Content-Length : 5', 'Node CVE-2024-27982'],
  [' Content-Length: 5', 'Node CVE-2024-27982'],
  ['Content-Length\u0000: 5', 'NUL in a name'],
  ['X: y\nContent-Length: 5', 'a header behind a line feed'],
  [': 5', 'HAProxy CVE-2023-25725'],
] as const;

/** The head is right, so it has gone; the body is not, so it must not arrive whole. */
const bodies = [
  ['x\r\nhello\r\n0\r\n\r\n', 'no size'],
  ['+5\r\nhello\r\n0\r\n\r\n', 'a sign'],
  ['-5\r\nhello\r\n0\r\n\r\n', 'a sign'],
  ['0x5\r\nhello\r\n0\r\n\r\n', 'a prefix'],
  ['5_\r\nhello\r\n0\r\n\r\n', 'an underscore'],
  ['\r\nhello\r\n0\r\n\r\n', 'an empty size'],
  [' 5\r\nhello\r\n0\r\n\r\n', 'a space first'],
  ['fffffffffffffffff\r\nhello\r\n0\r\n\r\n', 'an overflow'],
  ['5\nhello\r\n0\r\n\r\n', 'a line feed'],
  ['5;a\nb\r\nhello\r\n0\r\n\r\n', 'a line feed in an extension'],
  ['5\rhello\r\n0\r\n\r\n', 'a carriage return'],
  ['5\r\nhelloX0\r\n\r\n', 'no end of the chunk'],
  ['5\r\nhello world\r\n0\r\n\r\n', 'longer than it says'],
  ['5\r\nhello\n0\r\n\r\n', 'a line feed behind it'],
  [`5;${'a'.repeat(40_000)}\r\nhello\r\n0\r\n\r\n`, 'Node CVE-2024-22019'],
] as const;

const first = 'POST /user/alice/x HTTP/1.1';
const sent = (...headers: string[]): readonly string[] => [first, 'Host: h', ...headers];

export const framing: Case[] = [
  ...unclear.map(([name, headers, body]) => ({
    name,
    ref: 'RFC 9112, 6.3',
    fate: refused,
    bytes: post(headers, body),
  })),
  ...lengths.map((value) => ({
    name: `Content-Length: ${shown(value)}`,
    ref: 'HAProxy CVE-2021-40346; RFC 9110, 8.6',
    fate: refused,
    bytes: post([`Content-Length: ${value}`], 'hello'),
  })),
  ...codings.map((value) => ({
    name: `Transfer-Encoding: ${shown(value)}`,
    ref: 'RFC 9112, 6.1',
    fate: refused,
    bytes: post([`Transfer-Encoding: ${value}`], chunked),
  })),
  ...lines.map(([line, ref]) => ({ name: shown(line), ref, fate: refused, bytes: post([line], chunked) })),
  ...bodies.map(([body, ref]): Case => ({
    name: `chunk ${shown(body)}`,
    ref,
    fate: { kind: 'broken' },
    bytes: post(['Transfer-Encoding: chunked'], `${body}${smuggled}`),
  })),
  ...['GET', 'HEAD'].flatMap((method) =>
    [
      ['Content-Length: 5', 'hello'],
      ['Transfer-Encoding: chunked', chunked],
    ].map(([header = '', body = '']) => ({
      name: `a body on ${method} by ${header}`,
      ref: 'RFC 9110, 9.3.1',
      fate: refused,
      bytes: bytesOf(`${method} /user/alice/x HTTP/1.1`, [...signedIn, header], body),
    })),
  ),
  ...['Content-Length: 5', 'Transfer-Encoding: chunked'].map((header) => ({
    name: `a body on an upgrade by ${header}`,
    ref: 'RFC 6455, 4.1',
    fate: refused,
    bytes: get([...handshake, header]),
  })),
  {
    name: 'chunks in HTTP/1.0',
    ref: 'RFC 9112, 6.1',
    fate: refused,
    bytes: bytesOf('POST /user/alice/x HTTP/1.0', [...signedIn, 'Transfer-Encoding: chunked'], chunked),
  },
  {
    name: 'an alias of the length (content_length)',
    ref: 'WSGI reads it as the length',
    fate: { kind: 'carried', lines: sent('Content-Length: 2'), body: 'hi' },
    bytes: post(['content_length: 50', 'Content-Length: 2', 'Content.Length: 7'], 'hi'),
  },
  {
    name: 'a nominated coding',
    ref: 'RFC 9110, 7.6.1',
    fate: { kind: 'carried', lines: sent(), body: '2\r\nhi\r\n0\r\n\r\n' },
    bytes: post(['Transfer-Encoding: chunked', 'Connection: transfer-encoding, close'], '2\r\nhi\r\n0\r\n\r\n'),
  },
  {
    name: 'chunk extensions',
    ref: 'RFC 9112, 7.1.1',
    fate: { kind: 'carried', lines: sent(), body: '2\r\nhi\r\n0\r\n\r\n' },
    bytes: post(['Transfer-Encoding: chunked', 'Connection: close'], '02;a=b\r\nhi\r\n000;c\r\n\r\n'),
  },
];
