import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createChpRoutes } from '../../../src/chp/routeStore.ts';

interface Trie {
  add(path: string, data: object): void;
  remove(path: string): void;
  get(path: string): { prefix: string } | undefined;
}
const theirModule = 'configurable-http-proxy/lib/trie.js';
const { URLTrie } = (await import(theirModule)) as { URLTrie: new (prefix: string) => Trie };

const now = (): number => 1000;

test('the longest prefix wins, and a removed one gives way to the next', () => {
  const routes = createChpRoutes({ now });
  for (const path of ['/', '/a', '/a/b/c', '/x/y']) routes.add(path, `http://${path.length}`, {});
  const at = (path: string): string | undefined => routes.match(path)?.path;
  expect(['/', '/a', '/ab', '/a/b', '/a/b/c/', '/a/b/c/d', '/x', '//a'].map(at)).toEqual([
    '/',
    '/a',
    '/',
    '/a',
    '/a/b/c',
    '/a/b/c',
    '/',
    '/a',
  ]);
  expect(routes.remove('/a/b/c/')?.path).toBe('/a/b/c');
  expect(routes.remove('/a/b/c')).toBeUndefined();
  expect(at('/a/b/c/d')).toBe('/a');
  routes.remove('/');
  expect(at('/x')).toBeUndefined();
});

test('a request is compared decoded; an escaped slash parts nothing', () => {
  const routes = createChpRoutes({ now });
  routes.add('/user/a b', 'http://x', {});
  routes.add('/user/__proto__', 'http://y', {});
  expect(routes.match('/user/a%20b/x')?.target).toBe('http://x');
  expect(routes.match('/user%2Fa%20b')).toBeUndefined();
  expect(routes.match('/user/__proto__')?.target).toBe('http://y');
  expect(routes.match('/user/constructor')).toBeUndefined();
});

test('the host is the first segment where routing is by host', () => {
  const routes = createChpRoutes({ now });
  routes.add('/alice.example', 'http://x', {});
  expect(routes.match('/any', 'alice.example')?.target).toBe('http://x');
  expect(routes.match('/alice.example', 'bob.example')).toBeUndefined();
});

test("finds what configurable-http-proxy's own table finds, whatever was added and removed", () => {
  const segment = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`);
  const change = fc.record({ path, remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), fc.array(path, { maxLength: 10 }), (changes, asked) => {
      const ours = createChpRoutes({ now });
      const theirs = new URLTrie('/');
      for (const { path: at, remove } of changes)
        if (remove) {
          ours.remove(at);
          theirs.remove(at);
        } else {
          ours.add(at, 'http://x', {});
          theirs.add(at, {});
        }
      for (const one of asked) expect(ours.match(one)?.path).toBe(theirs.get(one)?.prefix);
    }),
  );
});
