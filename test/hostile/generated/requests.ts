import * as fc from 'fast-check';
import { cookie } from '../../helpers/hopWorld.ts';

/** Mostly right, and odd in one or a few places: wholly random bytes would never get past the first check. */
const oneOf = <T>(usual: T, ...odd: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const method = fc.constantFrom(
  'GET',
  'GET',
  'GET',
  'HEAD',
  'OPTIONS',
  'POST',
  'DELETE',
  'get',
  'QUERY',
  'CONNECT',
  'G T',
);
const piece = fc.constantFrom(
  'x',
  'a;b=c',
  '%20',
  '%2e',
  '..',
  '.',
  '',
  '%2F',
  '%41',
  '%c3%a9',
  '%ff',
  '%',
  '~',
  "'",
  '\\',
  '{',
  '|',
  '"',
  '<',
  '\u00e9',
  '\t',
  '\u0000',
  '*',
  '%252e',
  'a+b',
  '!$&()',
  '@',
  ':80',
  'favicon.ico',
  'login',
  'robots.txt',
);
const owner = oneOf(
  '/user/alice/',
  '/user/bob/',
  '/user/ALICE/',
  '/user/%61lice/',
  '/services/x/',
  '/hub/home',
  '',
  '//user/alice/',
  'http://h/user/alice/',
  '/user/alice',
);
const query = fc.constantFrom('', '', '', '?', '?a=b', '?a=%', '?../..', '?"', '?#', '?a b', '?\u00ff', '?{|}\\^');
const target = fc
  .tuple(owner, fc.array(piece, { maxLength: 3 }), query)
  .map(([first, pieces, last]) => first + pieces.join('/') + last);
const version = oneOf('HTTP/1.1', 'HTTP/1.0', 'HTTP/1.2', 'http/1.1', 'HTTP/1.1 ', 'HTTP/2.0', '');

const name = fc.constantFrom(
  'Accept',
  'X-A',
  'x_a',
  'X.A',
  'Cookie',
  'COOKIE',
  'Authorization',
  'Origin',
  'Host',
  'Connection',
  'TE',
  'Expect',
  'Upgrade',
  'Trailer',
  'Content-Length',
  'Transfer-Encoding',
  'content_length',
  'Keep-Alive',
  'X-Forwarded-For',
  'x_forwarded_host',
  'Forwarded',
  'Sec-Fetch-Site',
  'HTTP2-Settings',
  'Sec-WebSocket-Key',
  'Range',
  '__proto__',
  'constructor',
  'X A',
  'X-A ',
  '',
  'X-\u00e9',
  '(',
  'X-Request-Id',
);
const value = fc.constantFrom(
  '',
  ' ',
  '1',
  ' 1 ',
  '\t1\t',
  'a, b',
  'keep-alive',
  'Keep-Alive',
  'close',
  'x-a',
  'cookie, x-a',
  'trailers',
  '100-continue',
  'websocket',
  'h2c',
  'chunked',
  '0',
  '5',
  '+5',
  '05',
  '5, 5',
  'h',
  'evil.example',
  'h:80',
  'http://h',
  'http://localhost:8000',
  'null',
  'same-origin',
  'cross-site',
  cookie,
  `a=1; ${cookie}`,
  'cylc-gateway=x',
  'token secret-token',
  '\u00e9\u00ff',
  '\u0001',
  '\u007f',
  'a\rb',
  'a\nX-B: 2',
  'bytes=0-1',
  '"quoted"',
);
const header = fc.tuple(name, oneOf(': ', ':', ':\t', ' : ', ':\u000b'), value).map((parts) => parts.join(''));
const usual = ['Host: h', `Cookie: ${cookie}`];
const headers = fc
  .tuple(
    fc.array(header, { maxLength: 4 }),
    oneOf(usual, [usual[0]!], [usual[1]!], [...usual, usual[0]!]),
    oneOf(0, 60, 125, 126, 127, 300),
    fc.boolean(),
  )
  .map(([odd, given, more, first]) => {
    const many = Array.from({ length: more }, (_, i) => `X-${i}: ${i}`);
    return first ? given.concat(odd, many) : odd.concat(many, given);
  });
const lineEnd = oneOf('\r\n', '\n', '\r', '\r\n\r\n', '\r\n ', '\r\n\t');
const body = oneOf('', 'hello', '5\r\nhello\r\n0\r\n\r\n', '0\r\n\r\n', '\r\n');

const request = fc
  .record({
    method,
    target,
    version,
    headers,
    lineEnd,
    odd: fc.nat(),
    gap: oneOf(' ', '  ', '\t'),
    body,
    before: oneOf('', '\r\n', '\n', ' '),
  })
  .map((one) => {
    const lines = [`${one.method}${one.gap}${one.target} ${one.version}`, ...one.headers];
    const at = one.odd % lines.length;
    const head = lines.map((line, i) => line + (i === at ? one.lineEnd : '\r\n')).join('');
    return `${one.before}${head}\r\n${one.body}`;
  });

/** Node's reader gives such a connection up if an answer is still due on it; the lane has it wait. */
const leavesHttp = /^\s*CONNECT|\nUpgrade\s*:\s*websocket/i;

/** One to three requests on a connection, in one piece or torn at some place. */
export const requestBytes = fc
  .tuple(
    fc
      .array(request, { minLength: 1, maxLength: 3 })
      .filter(([, ...others]) => !others.some((one) => leavesHttp.test(one))),
    fc.option(fc.nat(), { freq: 3 }),
  )
  .map(([requests, tear]) => {
    const bytes = requests.join('');
    const at = tear === null ? bytes.length : tear % (bytes.length + 1);
    return [bytes.slice(0, at), bytes.slice(at)].filter((part) => part !== '');
  });
