import { describe, expect, test } from 'vitest';
import type { Account, Identity } from '../../src/access/types.ts';
import { createAuthorize } from '../../src/authorize.ts';
import type { GateParts } from '../../src/authorize.ts';
import { GatewayError } from '../../src/errors.ts';
import type { GateRequest, Route } from '../../src/proxy/types.ts';

const alice: Account = {
  name: 'alice',
  uid: 1000,
  gid: 1000,
  home: '/home/alice',
  shell: '/bin/sh',
  displayName: 'Alice',
  groups: [],
  admin: false,
};
const identity: Identity = { account: alice, sessionId: 's1', issuer: 'us', expiresAt: 9e15, via: 'cookie' };
const route: Route = {
  prefix: '/user/alice/',
  target: { kind: 'server', owner: 'alice', name: '' },
  upstream: { kind: 'unix', path: '/run/a.sock' },
};

const request: GateRequest = {
  method: 'GET',
  path: '/user/alice/cylc/',
  query: '?a=1',
  cookie: 'session=1',
  authorization: undefined,
  origin: undefined,
  host: 'site.example',
  fetchSite: undefined,
  upgrade: false,
};

function gate(parts: Partial<GateParts> = {}): ReturnType<typeof createAuthorize> {
  return createAuthorize({
    identify: () => ({ ok: true, value: identity }),
    match: (path) => (path.startsWith('/user/') ? { target: route.target, route } : undefined),
    access: () => ({ allowed: true, level: 'owner', reason: 'owner' }),
    view: () => undefined,
    isOwnCookie: (name) => name === 'ours',
    loginCookieFits: (_key, _name, value) => value !== 'stale',
    publicOrigin: 'https://site.example',
    ...parts,
  });
}

const denied = new GatewayError('auth.required');

describe.each([
  ['page load', request],
  ['WebSocket upgrade', { ...request, upgrade: true, origin: 'https://site.example' }],
])('%s', (_title, asked) => {
  test('carries what is allowed, and answers at once where the identity is known', () => {
    expect(gate()(asked)).toMatchObject({ kind: 'hop', route, identity });
    expect(gate()(asked)).not.toHaveProperty('token');
  });

  test('has our word on the visitor for a service, and for no UI server', async () => {
    const target = { kind: 'service', name: 'review' } as const;
    const service = { ...route, prefix: '/services/review/', target };
    const vouch = async (who: Identity, name: string): Promise<string> =>
      Promise.resolve(`${who.account.name} for ${name}`);
    expect(gate({ vouch })(asked)).not.toHaveProperty('vouched');
    const match = () => ({ target, route: service });
    expect(await gate({ vouch, match })(asked)).toMatchObject({ kind: 'hop', vouched: 'alice for review' });
  });

  test('of nobody is sent to sign in, and comes back to where it was going', () => {
    const decision = gate({ identify: () => ({ ok: false, error: denied, reason: 'no cookie' }) })(asked);
    expect(decision).toMatchObject({ kind: 'sign-in', returnTo: '/user/alice/cylc/?a=1' });
  });

  test('is refused, with its reason, where access is', () => {
    const decision = gate({ access: () => ({ allowed: false, reason: 'not shared' }) })(asked);
    expect(decision).toMatchObject({ kind: 'refuse', reason: 'not shared', error: { code: 'access.denied' } });
  });

  test('is refused where the identity cannot be checked or has no account', () => {
    for (const code of ['auth.unavailable', 'auth.no-account', 'auth.blocked'] as const) {
      const decision = gate({ identify: () => ({ ok: false, error: new GatewayError(code), reason: 'x' }) })(asked);
      expect(decision).toMatchObject({ kind: 'refuse', error: { code } });
    }
  });

  test('of a server that is not running names it, so that a page can offer to start it', () => {
    const decision = gate({ match: () => ({ target: route.target, route: undefined }) })(asked);
    expect(decision).toMatchObject({ kind: 'no-server', target: { owner: 'alice' } });
  });

  test('of a service without upstream finds nothing', () => {
    const decision = gate({ match: () => ({ target: { kind: 'service', name: 'r' }, route: undefined }) })(asked);
    expect(decision).toMatchObject({ kind: 'refuse', error: { code: 'request.not-found' } });
  });

  test('waits for an identity that has to be verified first', async () => {
    const decision = gate({ identify: () => Promise.resolve({ ok: true as const, value: identity }) })(asked);
    expect(decision).toBeInstanceOf(Promise);
    expect(await decision).toMatchObject({ kind: 'hop' });
  });
});

test('what does not lead to a server or service is for the application', () => {
  expect(gate()({ ...request, path: '/hub/home' })).toEqual({ kind: 'app' });
});

test.each(['https://evil.example', 'null', 'https://site.example.evil.example', 'https://site.example:444', ''])(
  'an upgrade from the pages of %j is refused before anyone is asked who it is',
  (origin) => {
    const decision = gate({ identify: () => expect.unreachable() })({ ...request, upgrade: true, origin });
    expect(decision).toMatchObject({ kind: 'refuse', error: { code: 'access.origin' } });
  },
);

test('an upgrade without Origin (a program) or from the host itself passes', () => {
  expect(gate()({ ...request, upgrade: true })).toMatchObject({ kind: 'hop' });
  const other = { ...request, upgrade: true, host: 'alice.site.example', origin: 'https://alice.site.example' };
  expect(gate()(other)).toMatchObject({ kind: 'hop' });
});

test('our cookies and login cookies of another session never travel on; other cookies do', async () => {
  const plan = await gate()(request);
  if (plan.kind !== 'hop') throw new Error('not carried');
  expect(plan.dropCookie('ours', 'x')).toBe(true);
  expect(plan.dropCookie('jupyterhub-user-alice', 'stale')).toBe(true);
  expect(plan.dropCookie('_xsrf', 'x')).toBe(false);
});

describe('a Hub token', () => {
  const asked: string[] = [];
  const withToken = gate({
    identify: ({ authorization }) => {
      asked.push(authorization ?? 'none');
      return { ok: true, value: { ...identity, via: authorization === undefined ? 'cookie' : 'hub-token' } };
    },
    passedOn: (token, target) => `for ${target.kind} instead of ${token}`,
  });
  const socket = { ...request, upgrade: true, origin: 'https://site.example' };

  test.each(['token cgw_x', 'Bearer cgw_x', 'bearer  cgw_x '])(
    '%j is passed on as what stands for it',
    (authorization) => {
      for (const way of [request, socket])
        expect(withToken({ ...way, authorization })).toMatchObject({
          token: 'for server instead of cgw_x',
          query: '?a=1',
        });
    },
  );

  test.each([
    ['?token=cgw_x', ''],
    ['?a=1&token=cgw_x&b=%26', '?a=1&b=%26'],
    ['?%74oken=%63gw_x&a', '?a'],
    ['?token=other&token=+cgw_x', ''],
  ])('in the query %j of a WebSocket identifies, and goes no further in it', (query, rest) => {
    asked.length = 0;
    expect(withToken({ ...socket, query })).toMatchObject({ token: 'for server instead of cgw_x', query: rest });
    expect(asked).toEqual(['token cgw_x']);
    expect(withToken({ ...request, query })).toMatchObject({ kind: 'refuse', error: { code: 'request.malformed' } });
  });

  test('is all that is passed on: not what somebody else’s token is, nor a query that has none', () => {
    expect(withToken({ ...socket, query: '?token=theirs' })).toMatchObject({ query: '?token=theirs' });
    expect(withToken(request)).not.toHaveProperty('token');
    const external = gate({ passedOn: () => 'never' });
    expect(external({ ...request, authorization: 'Bearer a.b.c' })).not.toHaveProperty('token');
  });

  test('of somebody who may not is in no address that a refusal leads to', async () => {
    const nobody = gate({ identify: () => ({ ok: false, error: denied, reason: 'no token' }) });
    expect(await nobody({ ...socket, query: '?token=cgw_x' })).toMatchObject({ returnTo: '/user/alice/cylc/' });
  });
});
