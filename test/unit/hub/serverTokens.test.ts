import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerKey } from '../../../src/servers/types.ts';
import { withHubTokens } from '../../../src/identity/withHubTokens.ts';
import { GatewayError } from '../../../src/errors.ts';
import { asServer, createHubWorld } from '../../helpers/hubWorld.ts';
import type { HubWorld } from '../../helpers/hubWorld.ts';
import { aliceKey, codeOf, startDance } from '../../helpers/oauthDance.ts';
import type { Dance } from '../../helpers/oauthDance.ts';

let world: HubWorld;
let dance: Dance;
let token: string;

beforeEach(async () => {
  world = await createHubWorld();
  dance = await startDance(world);
  token = dance.env['JUPYTERHUB_API_TOKEN'] ?? '';
});
afterEach(() => world.close());

const ask = (method: string, path: string, env: object | undefined, scheme = 'token', body?: string) =>
  Promise.resolve(
    world.hub.app.request(path, { method, headers: { authorization: `${scheme} ${token}` }, body: body ?? null }, env),
  );

describe("a server's own token", () => {
  test.each([
    ['who am I', 'GET', '/user'],
    ['what is shared', 'GET', '/cylc/grants/bob'],
    ['what needs no credentials', 'GET', '/'],
    ['its owner', 'GET', '/users/alice'],
    ['activity', 'POST', '/users/alice/activity'],
  ])('opens nothing at the public address: %s', async (_, method, path) => {
    const body = method === 'POST' ? '{"last_activity":"2026-06-01T12:00:00Z"}' : undefined;
    for (const scheme of ['token', 'Bearer', 'TOKEN', 'bearer']) {
      for (const env of [undefined, {}, { incoming: {}, outgoing: {} }, { admitServerToken: () => false }]) {
        const answer = await ask(method, path, env, scheme, body);
        expect([answer.status, await answer.json()]).toMatchObject([
          403,
          { message: 'Missing or invalid credentials.' },
        ]);
      }
    }
    expect((await ask(method, path, asServer, 'token', body)).status).toBeLessThan(404);
  });

  test('is no client secret there either: a code stays unused', async () => {
    const code = codeOf(await dance.authorize('alice.s1'));
    const form = {
      client_id: dance.env['JUPYTERHUB_CLIENT_ID'] ?? '',
      client_secret: token,
      grant_type: 'authorization_code',
      redirect_uri: '/user/alice/oauth_callback',
      code,
      code_verifier: dance.verifier,
    };
    const request = { method: 'POST', body: new URLSearchParams(form) };
    expect((await world.hub.app.request('/oauth2/token', request)).status).toBe(403);
    expect((await dance.trade(code)).status).toBe(200);
  });

  test('is refused by the gate, and is never taken for nothing beside a good cookie', () => {
    const identify = withHubTokens(
      () => ({ ok: false, error: new GatewayError('auth.required'), reason: 'asked for the cookie' }),
      (text) => world.hub.contract.resolveToken(text),
    );
    for (const scheme of ['token', 'Bearer', 'ToKeN'])
      expect(identify({ cookie: 'good', authorization: `${scheme} ${token}` })).toMatchObject({
        ok: false,
        error: { code: 'auth.invalid' },
        reason: expect.stringContaining('the token of a server'),
      });
  });

  test('shows nobody the metrics', async () => {
    expect(await world.hub.holderOf(`token ${token}`, 'read:users:name')).toBeUndefined();
  });

  test('is for its own server on another node, and for no other', async () => {
    const isFor = (text: string, key: ServerKey) => world.hub.contract.isFor(text, key);
    expect(isFor(token, aliceKey)).toBe(true);
    expect(isFor(token, { owner: 'alice', name: 'second' })).toBe(false);
    expect(isFor(token, { owner: 'bob', name: '' })).toBe(false);
    expect(isFor(await dance.signIn('alice.s1'), aliceKey)).toBe(true);
    expect(isFor('cgw_unknown', aliceKey)).toBe(false);
  });
});
