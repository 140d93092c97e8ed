import { expect, test } from 'vitest';
import { createRoutes } from '../../../src/proxy/routes.ts';

const alice = { kind: 'server', owner: 'alice', name: '' } as const;
const nowcast = { kind: 'server', owner: 'alice', name: 'nowcast' } as const;
const upstream = { kind: 'unix', path: '/run/a.sock' } as const;

test('a target is known from the path alone, its route only while it is open', () => {
  const routes = createRoutes();
  expect(routes.match('/user/alice/cylc/')).toEqual({ target: alice, route: undefined });
  routes.open(alice, upstream);
  expect(routes.match('/user/alice/cylc/')?.route?.upstream).toBe(upstream);
  routes.close(alice);
  expect(routes.match('/user/alice/cylc/')).toEqual({ target: alice, route: undefined });
});

test('a named server has its own part of the path as soon as it is declared', () => {
  const routes = createRoutes();
  routes.open(alice, upstream);
  expect(routes.match('/user/alice/nowcast/x')?.target).toEqual(alice);
  routes.declare(nowcast);
  expect(routes.match('/user/alice/nowcast/x')).toEqual({ target: nowcast, route: undefined });
  expect(routes.match('/user/alice/nowcasting/x')?.target).toEqual(alice);
  routes.forget(nowcast);
  expect(routes.match('/user/alice/nowcast/x')?.target).toEqual(alice);
});

test('an escaped owner is the same owner; paths outside are no routes', () => {
  const routes = createRoutes({ basePath: '/gw' });
  const route = routes.open({ kind: 'server', owner: 'a@b', name: '' }, upstream);
  expect(route.prefix).toBe('/gw/user/a%40b/');
  expect(routes.match('/gw/user/a%40b/x')?.route).toBe(route);
  expect(routes.match('/user/a%40b/x')).toBeUndefined();
  expect(routes.match('/gw/hub/home')).toBeUndefined();
  expect(routes.match('/gw/user/')).toBeUndefined();
  expect(routes.match('/gw/services/review/x')?.target).toEqual({ kind: 'service', name: 'review' });
});
