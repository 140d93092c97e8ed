import { expect, test } from 'vitest';
import { toClient, toTarget } from '../../../src/chp/headers.ts';
import { chpPathFault } from '../../../src/chp/pathFault.ts';
import { upstreamPath } from '../../../src/chp/upstreamPath.ts';

const options = {
  xForward: true,
  changeOrigin: false,
  customHeaders: new Map<string, string>(),
  autoRewrite: false,
  protocolRewrite: undefined,
};
const client = { address: '10.0.0.1', secure: true, host: 'hub.example', upgrade: false };
const target = new URL('http://127.0.0.1:9000/base');

test('hop-by-hop headers end here, nominated ones too, but no client can name the framing or cookies away', () => {
  const raw = ['Host', 'hub.example', 'Connection', 'X-Mine, Cookie, Host', 'X-Mine', '1', 'Cookie', 'a=1', 'TE', 'x'];
  const sent = toTarget(raw, client, target, { ...options, xForward: false });
  expect(sent).toEqual(['Host', 'hub.example', 'Cookie', 'a=1']);
});

test('forwarded headers are extended in one line each, whatever came', () => {
  const raw = ['X-Forwarded-For', '1.1.1.1', 'x-forwarded-for', '2.2.2.2', 'X-Forwarded-Host', 'outside'];
  expect(toTarget(raw, { ...client, upgrade: true }, target, options)).toEqual([
    'X-Forwarded-For',
    '1.1.1.1,2.2.2.2,10.0.0.1',
    'X-Forwarded-Port',
    '443',
    'X-Forwarded-Proto',
    'wss',
    'X-Forwarded-Host',
    'outside',
  ]);
});

test('a custom header replaces the one of the same name, however it is spelt', () => {
  const customHeaders = new Map([['x-key', 'ours']]);
  const sent = toTarget(['X-KEY', 'theirs'], client, target, { ...options, xForward: false, customHeaders });
  expect(sent).toEqual(['x-key', 'ours']);
});

test.each([
  ['http://127.0.0.1:9000/x?y#z', { autoRewrite: true }, 'http://hub.example/x?y#z'],
  ['http://127.0.0.1:9000/x', { protocolRewrite: 'https' }, 'https://127.0.0.1:9000/x'],
  ['http://127.0.0.1:9001/x', { autoRewrite: true }, 'http://127.0.0.1:9001/x'],
  ['//127.0.0.1:9000/x', { autoRewrite: true }, '//127.0.0.1:9000/x'],
  ['/x', { autoRewrite: true }, '/x'],
  ['http://127.0.0.1:9000/x', {}, 'http://127.0.0.1:9000/x'],
])('a redirect to %s with %j goes to %s', (location, rewrite, expected) => {
  const rules = toClient(client, target, { ...options, ...rewrite });
  expect(rules.response(['Location', location, 'Set-Cookie', 'a=1; Domain=x'])).toEqual([
    'Location',
    expected,
    'Set-Cookie',
    'a=1; Domain=x',
  ]);
});

test.each([
  ['/p/x', '?q', true, true, '/base/p/x', '?q'],
  ['/p/x', '', true, false, '/base/x', ''],
  ['/p', '?q', false, false, '/', '?q'],
  ['//p//x', '', false, false, '//x', ''],
  ['/p/x', '', false, true, '/p/x', ''],
])('%s%s with prepend %s and prefix %s is %s%s of the target', (path, query, prependPath, includePrefix, to, with_) => {
  expect(upstreamPath({ path, query }, target, 1, { prependPath, includePrefix })).toEqual({ path: to, query: with_ });
});

test('queries of target and request are joined', () => {
  const both = { prependPath: true, includePrefix: true };
  expect(upstreamPath({ path: '/x', query: '?b=2' }, new URL('http://h/?a=1'), 0, both)).toEqual({
    path: '/x',
    query: '?a=1&b=2',
  });
});

test('only what leads elsewhere, or is no path, is refused', () => {
  for (const path of ['/', '/a//b', '//a', '/a%2Fb', '/a;b', '/a%5Cb', "/a'b", '/%C3%A9'])
    expect([path, chpPathFault(path)]).toEqual([path, undefined]);
  for (const path of ['', 'a', '*', '/..', '/a/../b', '/a/%2E./b', '/.', '/%2e', '/a\\b', '/a b', '/%00', '/%E9', '/%'])
    expect([path, typeof chpPathFault(path)]).toEqual([path, 'string']);
});
