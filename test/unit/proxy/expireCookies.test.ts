import { expect, test } from 'vitest';
import { isGatewayCookie } from '../../../src/proxy/cookies.ts';
import { expireCookies } from '../../../src/proxy/expireCookies.ts';

const big = 'x'.repeat(3900);
const ask = (more: Partial<Parameters<typeof expireCookies>[0]>) =>
  expireCookies({
    cookie: `sso=1; a=${big}; __Host-cylc-gateway=${big}; b=${big}; _xsrf=2`,
    host: 'alice.users.site.example:8443',
    path: '/gw/user/alice/cylc',
    isOwnCookie: isGatewayCookie,
    leastBytes: 7000,
    mustBytes: 1000,
    ...more,
  });
const namesIn = (lines: readonly string[]): string[] => [...new Set(lines.map((line) => line.split('=', 1)[0]!))];

test('the largest go, as many as needed, and not the sign-in', () => {
  expect(namesIn(ask({}))).toEqual(['a', 'b']);
  expect(namesIn(ask({ leastBytes: 1 }))).toEqual(['a']);
  expect(namesIn(ask({ leastBytes: 1e9 }))).toEqual(['a', 'b', '_xsrf', 'sso']);
});

test('where the others do not suffice, cookies that are called like ours go too, the largest first', () => {
  const cookie = `cylc-gateway=${'s'.repeat(500)}; cylc-gateway-login-1=${big}; __Host-cylc-gateway-x=${big}a; a=1`;
  expect(namesIn(ask({ cookie, mustBytes: 3 }))).toEqual(['a']);
  expect(namesIn(ask({ cookie, mustBytes: 4000 }))).toEqual(['a', '__Host-cylc-gateway-x', 'cylc-gateway-login-1']);
});

test('a cookie without a name goes by one that has a value', () => {
  expect(ask({ cookie: `${big}; ${big}; b=${big}` })).toContain('=x; Max-Age=0; Path=/gw/user');
});

test('a name goes at every path and domain that a script could have set it for', () => {
  const lines = ask({ cookie: `a=${big}` });
  for (const domain of ['', '; Domain=alice.users.site.example', '; Domain=site.example'])
    for (const path of ['/', '/gw', '/gw/', '/gw/user', '/gw/user/alice/', '/gw/user/alice/cylc/'])
      expect(lines).toContain(`a=; Max-Age=0; Path=${path}${domain}`);
  expect(lines.join('\n')).not.toContain('Domain=example\n');
  expect(lines).toContain('a=; Max-Age=0; Path=/; Secure; Partitioned');
});

test('of an address there are no domains, and names with a prefix need Secure', () => {
  expect(ask({ host: '127.0.0.1:8000' }).join()).not.toContain('Domain');
  expect(ask({ host: '[::1]:8000' }).join()).not.toContain('Domain');
  expect(ask({ host: undefined, cookie: `__Host-x=${big}` })).toContain('__Host-x=; Max-Age=0; Secure; Path=/');
});

test('the answer has a bound, whatever the names and the path', () => {
  const cookie = Array.from({ length: 3000 }, (_, at) => `${at}=${'x'.repeat(10)}`).join('; ');
  const bytes = ask({ cookie, path: '/a'.repeat(300), leastBytes: 1e9 }).join('\r\n').length;
  expect(bytes).toBeLessThan(160_000);
});
