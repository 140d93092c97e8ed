import { expect, test } from 'vitest';
import { safeReturnPath } from '../../../src/identity/returnUrl.ts';

const site = { origin: 'https://site.example', base: '' };

/** Classes of open redirects that other programs let through, each with every prefix and blank. */
const hosts = [
  'evil.example',
  'site.example.evil.example',
  'site.example@evil.example',
  '[::1]',
  '0x7f.1',
  'evil.example:443',
];
const openers = [
  '//',
  '///',
  '/\\',
  '\\/',
  '\\\\',
  '/\t/',
  '/\n/',
  '/\r/',
  '/\v/',
  '/./\\',
  '/ /',
  'https://',
  'https:',
  'http://',
  'HTTPS:\\\\',
  'javascript://',
  'data:',
  '/\\/',
  '/\u3002/',
  '/.//',
  '/x/..//',
  '/%09//',
];
const endings = ['', '/', '/hub/home', '?x', '#y'];
const bad = hosts.flatMap((host) => openers.flatMap((opener) => endings.map((ending) => opener + host + ending)));

test(`${bad.length} addresses of other sites never lead away`, () => {
  expect(bad.length).toBeGreaterThan(400);
  for (const asked of bad) {
    const path = safeReturnPath(asked, site);
    expect(new URL(path, site.origin).origin, JSON.stringify(asked)).toBe(site.origin);
    expect(path.startsWith('/') && !path.startsWith('//'), JSON.stringify(asked)).toBe(true);
  }
});

test.each(['/user/alice/', '/user/alice/lab?a=1&b=%2F#frag', '/hub/spawn', '/', '/hub/loginx'])(
  '%s is kept',
  (path) => {
    expect(safeReturnPath(path, site)).toBe(path);
  },
);

test.each([
  undefined,
  '',
  'hub/home',
  '/hub/login',
  '/hub/login?next=/',
  '/hub/logout',
  '/hub/oidc/auth',
  `/${'a'.repeat(3000)}`,
])('%s becomes the home page', (asked) => {
  expect(safeReturnPath(asked, site)).toBe('/hub/home');
});

test('stays under the base path', () => {
  const based = { origin: 'https://site.example', base: '/cylc' };
  expect(safeReturnPath('/cylc/user/alice/', based)).toBe('/cylc/user/alice/');
  for (const asked of ['/', '/other/', '/cylcx/', '/cylc/../other/'])
    expect(safeReturnPath(asked, based)).toBe('/cylc/hub/home');
});
