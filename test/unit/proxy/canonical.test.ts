import { expect, test } from 'vitest';
import { pathFault, readCanonical } from '../../../src/proxy/canonical.ts';

const good = ['/', '/user/alice/', '/user/a%40b/cylc/', '/user/alice/api/contents/a%20b.txt', '/hub/api/users/alice'];
const bad = [
  '*',
  'http://h/user/alice/',
  '',
  '/user/alice//x',
  '/user/alice/../bob/',
  '/user/alice/./x',
  '/user/alice/..',
  '/user/alice%2f..%2fbob/',
  '/user/%2e%2e/bob',
  '/user/alice%5cbob/',
  '/user/alice\\bob',
  '/user/alice%00/',
  '/user/alice%0d%0aX:1/',
  '/user/%61lice/',
  '/user/alice;x/',
  '/user/alice/%zz',
  '/user/alice/%c0%ae/',
  '/user/alice/#x',
  '/user/alice/\u00e9',
  '/user/alice/ x',
];

test.each(good)('%s passes', (path) => expect(pathFault(path)).toBeUndefined());
test.each(bad)('%j is refused', (path) => expect(pathFault(path)).toBeTypeOf('string'));

const read = (headers: string[], method = 'POST', version = '1.1') =>
  readCanonical({ method, target: '/user/alice/?a=1', version, headers, upgrade: false }).ok;

test.each([[['Host', 'h', 'Content-Length', '1']], [['Host', '[::1]:8000', 'Transfer-Encoding', 'chunked']]])(
  '%j is clear',
  (headers) => expect(read(headers)).toBe(true),
);

test.each([
  [['Content-Length', '1']],
  [['Host', 'h', 'Host', 'h']],
  [['Host', 'h/x']],
  [['Host', 'u@h']],
  [['Host', 'h', 'Content-Length', '1', 'Content-Length', '1']],
  [['Host', 'h', 'Content-Length', '+1']],
  [['Host', 'h', 'Content-Length', '1, 1']],
  [['Host', 'h', 'Content-Length', '1', 'Transfer-Encoding', 'chunked']],
  [['Host', 'h', 'Transfer-Encoding', 'gzip, chunked']],
  [['Host', 'h', 'Transfer-Encoding', 'xchunked']],
  [['Host', 'h', 'Transfer-Encoding', 'chunked', 'transfer-encoding', 'chunked']],
  [['Host', 'h', 'Authorization', 'a', 'authorization', 'b']],
  [['Host', 'h', 'X-A', 'a\u0001b']],
  [['Host', 'h', 'X A', 'b']],
])('%j is refused', (headers) => expect(read(headers)).toBe(false));

test('a body where none belongs is refused, and coding in HTTP/1.0', () => {
  expect(read(['Host', 'h', 'Content-Length', '1'], 'GET')).toBe(false);
  expect(read(['Host', 'h', 'Content-Length', '0'], 'GET')).toBe(true);
  expect(read(['Host', 'h', 'Transfer-Encoding', 'chunked'], 'POST', '1.0')).toBe(false);
});
