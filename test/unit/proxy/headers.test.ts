import { expect, test } from 'vitest';
import { confineSetCookie, keepCookies } from '../../../src/proxy/cookies.ts';
import { FrameTracker } from '../../../src/proxy/frames.ts';
import { createHeaderRules } from '../../../src/proxy/headers.ts';

const rule = {
  dropCookie: (name: string) => name === 'other-login',
  forwarded: { for: '192.0.2.1', proto: 'https', host: 'h', port: '443' },
} as const;
const ours = [
  'X-Forwarded-For',
  '192.0.2.1',
  'X-Forwarded-Proto',
  'https',
  'X-Forwarded-Host',
  'h',
  'X-Forwarded-Port',
  '443',
];

test.each([
  'X-Forwarded-For',
  'x_forwarded_user',
  'X.Forwarded.Host',
  'Forwarded',
  'X-Real-IP',
  'REMOTE_USER',
  'Content_Length',
  'Keep-Alive',
  'TE',
  'Upgrade',
  'Expect',
  'Proxy-Connection',
  'Transfer-Encoding',
  'Authorization',
  'X-Cylc-Gateway-User',
])('%s never reaches an upstream', (name) => {
  expect(createHeaderRules().request(['Host', 'h', name, 'x'], rule)).toEqual(['Host', 'h', ...ours]);
});

test('names nominated by Connection go, but not framing nor what we vouch for', () => {
  const raw = [
    'Host',
    'h',
    'X-A',
    '1',
    'Connection',
    'x-a, X-Forwarded-For, host, content-length',
    'Content-Length',
    '1',
  ];
  expect(createHeaderRules().request(raw, rule)).toEqual(['Host', 'h', 'Content-Length', '1', ...ours]);
});

test('our cookies are removed, the others stay byte for byte', () => {
  const drop = (name: string): boolean => rule.dropCookie(name);
  expect(keepCookies('a="x y"; __Host-cylc-gateway=secret;b=%20;other-login=1; c', drop)).toBe('a="x y"; b=%20; c');
  expect(keepCookies('cylc-gateway=secret', drop)).toBeUndefined();
  expect(keepCookies('a=1;b=2', drop)).toBe('a=1;b=2');
});

test('cookies of an upstream are confined to its prefix and never bear a name of ours', () => {
  expect(confineSetCookie('a=1; Domain=site.example; Path=/; HttpOnly', '/user/alice/')).toBe(
    'a=1; HttpOnly; Path=/user/alice/',
  );
  expect(confineSetCookie('a=1; Path=/user/alice/cylc/', '/user/alice/')).toBe('a=1; Path=/user/alice/cylc/');
  expect(confineSetCookie('a=1; Path=/user/alicex/', '/user/alice/')).toBe('a=1; Path=/user/alice/');
  expect(confineSetCookie('__Host-cylc-gateway=x; Path=/', '/user/alice/')).toBeUndefined();
  expect(confineSetCookie('jupyterhub-session-id=x', '/user/alice/')).toBeUndefined();
});

test('frame borders are found however the bytes are cut, and pings are no data', () => {
  const ping = [0x89, 0x80, 1, 2, 3, 4];
  const text = [0x81, 0x82, 1, 2, 3, 4, 9, 9];
  const tracker = new FrameTracker();
  expect(tracker.push(Uint8Array.from(ping))).toBe(false);
  const seen = text.map((byte) => [tracker.push(Uint8Array.of(byte)), tracker.atBorder]);
  expect(seen.some(([data]) => data)).toBe(true);
  expect(seen.map(([, border]) => border).indexOf(true)).toBe(text.length - 1);
});

test('a policy of permissions takes the place of the upstream’s: beside a malformed one, it would be ignored', () => {
  const rules = createHeaderRules({ permissionsPolicy: 'camera=()' });
  expect(rules.response(['Permissions-policy', 'x="', 'X-A', '1'], '/')).toEqual([
    'X-A',
    '1',
    'Permissions-Policy',
    'camera=()',
  ]);
  expect(createHeaderRules().response(['Permissions-Policy', 'x=()'], '/')).toEqual(['Permissions-Policy', 'x=()']);
});
