import * as fc from 'fast-check';

const oneOf = <T>(usual: T, ...odd: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...odd) });

const statusLine = oneOf(
  'HTTP/1.1 200 OK',
  'HTTP/1.0 200 OK',
  'HTTP/1.1 204 No Content',
  'HTTP/1.1 304 Not Modified',
  'HTTP/1.1 206 Partial',
  'HTTP/1.1 404 ',
  'HTTP/1.1 500',
  'HTTP/1.1 600 x',
  'HTTP/1.1 099 x',
  'HTTP/1.1 20 x',
  'HTTP/2 200 OK',
  'HTTP/1.1  200 OK',
  'http/1.1 200 OK',
  'HTTP/1.1 200 \u00e9',
  'HTTP/1.1 200 O\u0001K',
  'SSH-2.0',
  '',
  'HTTP/1.1 101 Switching',
  'HTTP/1.1 100 Continue',
  'HTTP/1.1 103 Early',
);
const interim = oneOf(
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nSet-Cookie: a=1; Path=/\r\n\r\n',
  'HTTP/1.1 103 x\r\n\r\n'.repeat(17),
  'HTTP/1.1 102 x\r\nContent-Length: 5\r\n\r\n',
);
const name = fc.constantFrom(
  'Content-Length',
  'content-length',
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Keep-Alive',
  'Set-Cookie',
  'set-cookie',
  'X-A',
  'X_A',
  'Trailer',
  'Upgrade',
  'Date',
  'Clear-Site-Data',
  'Strict-Transport-Security',
  'Service-Worker-Allowed',
  'Content-Encoding',
  'X-Request-Id',
  'Location',
  'X A',
  '',
  'X-\u00e9',
  '__proto__',
);
const value = fc.constantFrom(
  '',
  '5',
  ' 5 ',
  '0',
  '+5',
  '5, 5',
  '05',
  '4',
  '99',
  'chunked',
  'CHUNKED',
  'gzip, chunked',
  'identity',
  'close',
  'keep-alive',
  'x-a, set-cookie',
  'a=1; Path=/',
  'cylc-gateway=x',
  'a=1; Domain=h',
  '\u00e9\u00ff',
  '\u0001',
  'a\rb',
  'a\nb: c',
  'gzip',
  '/',
  '/user/alice/',
  'h2c',
  '"*"',
);
const header = fc.tuple(name, oneOf(': ', ':', ' : ', ':\t\t'), value).map((parts) => parts.join(''));
const framing = fc.constantFrom(
  ['Content-Length: 5'],
  ['Content-Length: 5'],
  ['Transfer-Encoding: chunked'],
  [],
  ['Content-Length: 0'],
);
const lineEnd = oneOf('\r\n', '\n', '\r', '\r\n ');
const body = fc.constantFrom(
  'hello',
  'hello',
  'hell',
  'hello, and more',
  '',
  '5\r\nhello\r\n0\r\n\r\n',
  '5;a=b\r\nhello\r\n0\r\nX-T: 1\r\nSet-Cookie: a=1\r\n\r\n',
  '5\r\nhello\r\n',
  '5\r\nhelloX\r\n0\r\n\r\n',
  '2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\nextra',
  'g\r\nhello\r\n0\r\n\r\n',
  '0\r\n\r\n',
  '5\nhello\n0\n\n',
  '1f4\r\nhello',
  'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil',
);

/** An answer of an upstream, right or odd in a few places; it then closes the connection. */
export const answerBytes = fc
  .record({ interim, statusLine, framing, more: fc.array(header, { maxLength: 3 }), lineEnd, odd: fc.nat(), body })
  .map((one) => {
    const lines = [one.statusLine, ...one.framing, ...one.more];
    const at = one.odd % lines.length;
    return `${one.interim}${lines.map((line, i) => line + (i === at ? one.lineEnd : '\r\n')).join('')}\r\n${one.body}`;
  });
