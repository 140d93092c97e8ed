import type { IncomingMessage } from 'node:http';
import { describe, expect, test } from 'vitest';
import { listenSchema } from '../../../src/config/sections/listen.ts';
import { clientOf, createClientFinder } from '../../../src/listen/clientAddress.ts';

const proxies = ['127.0.0.1', '10.0.0.0/8', '2001:db8::/32'];
const find = createClientFinder({ proxies, headers: ['x-forwarded-for', 'x-forwarded-host', 'forwarded'] });

function request(peer: string | undefined, headers: Record<string, string> = {}): IncomingMessage {
  return { socket: { remoteAddress: peer }, headers } as unknown as IncomingMessage;
}

describe('the client of a request', () => {
  test('nobody is trusted by default', () => {
    const nobody = createClientFinder({ proxies: [], headers: ['x-forwarded-for', 'x-forwarded-host', 'forwarded'] });
    const headers = { 'x-forwarded-for': '1.1.1.1', forwarded: 'for=1.1.1.1', 'x-forwarded-host': 'x' };
    expect(nobody(request('127.0.0.1', headers))).toEqual({ address: '127.0.0.1', host: undefined });
  });

  test.each([
    ['a stranger is not believed', '192.0.2.1', { 'x-forwarded-for': '1.1.1.1' }, '192.0.2.1'],
    ['a trusted proxy is', '127.0.0.1', { 'x-forwarded-for': '192.0.2.7' }, '192.0.2.7'],
    ['an IPv4 peer of an IPv6 listener too', '::ffff:10.1.2.3', { 'x-forwarded-for': '192.0.2.7' }, '192.0.2.7'],
    [
      'what the client put in front does not count',
      '127.0.0.1',
      { 'x-forwarded-for': '6.6.6.6, 192.0.2.7' },
      '192.0.2.7',
    ],
    [
      'a chain of trusted ones is walked',
      '127.0.0.1',
      { 'x-forwarded-for': '6.6.6.6, 192.0.2.7, 10.0.0.9' },
      '192.0.2.7',
    ],
    ['up to its first when all are trusted', '127.0.0.1', { 'x-forwarded-for': '10.0.0.8,10.0.0.9' }, '10.0.0.8'],
    ['nonsense stops the walk', '127.0.0.1', { 'x-forwarded-for': '192.0.2.7, unknown' }, '127.0.0.1'],
    ['ports are left out', '127.0.0.1', { 'x-forwarded-for': '192.0.2.7:4711' }, '192.0.2.7'],
    ['Forwarded goes before', '10.0.0.1', { forwarded: 'for=192.0.2.8', 'x-forwarded-for': '192.0.2.7' }, '192.0.2.8'],
    [
      'Forwarded with IPv6',
      '10.0.0.1',
      { forwarded: 'for=6.6.6.6, For="[2001:db9::7]:47"; proto=https' },
      '2001:db9::7',
    ],
    ['Forwarded that hides stops the walk', '10.0.0.1', { forwarded: 'for=_hidden' }, '10.0.0.1'],
    ['no header at all', '2001:db8::1', {}, '2001:db8::1'],
    ['a unix socket has no address', undefined, { 'x-forwarded-for': '192.0.2.7' }, 'unknown'],
  ])('%s', (_, peer, headers, address) => {
    expect(find(request(peer, headers as Record<string, string>)).address).toBe(address);
  });

  test('the host is that of the nearest proxy, if it is one', () => {
    const hostOf = (headers: Record<string, string>) => find(request('10.0.0.1', headers)).host;
    expect(hostOf({ 'x-forwarded-host': 'evil.example, site.example' })).toBe('site.example');
    expect(hostOf({ forwarded: 'for=1.1.1.1;host="site.example:8443"' })).toBe('site.example:8443');
    expect(hostOf({ 'x-forwarded-host': 'a b' })).toBeUndefined();
    expect(find(request('192.0.2.1', { 'x-forwarded-host': 'site.example' })).host).toBeUndefined();
  });

  test('a header that the proxy does not set itself is the word of the client', () => {
    const headers = { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=6.6.6.6;host=evil', 'x-forwarded-host': 'evil' };
    const one = createClientFinder({ proxies, headers: ['x-forwarded-for'] });
    expect(one(request('10.0.0.1', headers))).toEqual({ address: '192.0.2.7', host: undefined });
    const other = createClientFinder({ proxies, headers: ['forwarded'] });
    expect(other(request('10.0.0.1', { 'x-forwarded-for': '6.6.6.6' })).address).toBe('10.0.0.1');
  });

  test('is found once, and known from then on', () => {
    const req = request('127.0.0.1', { 'x-forwarded-for': '192.0.2.7' });
    find(req);
    expect(clientOf(req).address).toBe('192.0.2.7');
    expect(clientOf(request('192.0.2.1')).address).toBe('192.0.2.1');
  });
});

test.each(['10.0.0.0/8', '::1', '2001:db8::/32', '127.0.0.1'])('%s is an address or a range', (range) => {
  expect(listenSchema.safeParse({ trustedProxies: [range] }).success).toBe(true);
});
test.each(['10.0.0.0/33', 'localhost', '1.2.3', '::/129', '10.0.0.0/8/8', '*'])('%s is none', (range) => {
  expect(listenSchema.safeParse({ trustedProxies: [range] }).success).toBe(false);
});

test('on a unix socket whoever connects is believed, and there is no address without its word', () => {
  const local = createClientFinder({ proxies: [], headers: ['x-forwarded-for'], isLocal: true });
  const request = (headers: Record<string, string>) => ({ headers, socket: {} }) as Parameters<typeof local>[0];
  expect(local(request({ 'x-forwarded-for': '6.6.6.6, 192.0.2.7' })).address).toBe('192.0.2.7');
  expect(local(request({})).address).toBe('unknown');
  expect(
    createClientFinder({ proxies: [], headers: ['x-forwarded-for'] })(request({ 'x-forwarded-for': '6.6.6.6' }))
      .address,
  ).toBe('unknown');
});
