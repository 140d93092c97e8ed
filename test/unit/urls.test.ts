import { expect, test } from 'vitest';
import { createUrls } from '../../src/urls.ts';

test.each([
  ['http://localhost:8000', 'http://localhost:8000', '/', '/hub/home', '/user/alice/', false],
  ['https://site.example/gw', 'https://site.example', '/gw/', '/gw/hub/home', '/gw/user/alice/', true],
  ['https://site.example/gw/', 'https://site.example', '/gw/', '/gw/hub/home', '/gw/user/alice/', true],
])('%s', (publicUrl, origin, base, home, prefix, secure) => {
  const urls = createUrls(publicUrl);
  expect(urls).toMatchObject({ origin, base, secure });
  expect(urls.hub('home')).toBe(home);
  expect(urls.prefix({ owner: 'alice', name: '' })).toBe(prefix);
});

test('odd names are quoted, and a named server has its own prefix below its owner', () => {
  const urls = createUrls('http://localhost:8000');
  expect(urls.prefix({ owner: 'a b', name: 'nowcast' })).toBe('/user/a%20b/nowcast/');
});
