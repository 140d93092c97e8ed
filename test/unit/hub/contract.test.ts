import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asServer, createHubWorld, makeShare } from '../../helpers/hubWorld.ts';
import type { HubWorld } from '../../helpers/hubWorld.ts';
import { aliceKey, startDance } from '../../helpers/oauthDance.ts';
import type { Dance } from '../../helpers/oauthDance.ts';
import { signedValue } from '../../helpers/signedValue.ts';

let world: HubWorld;
let dance: Dance;

beforeEach(async () => {
  world = await createHubWorld();
  world.shares.push(makeShare('alice', 'bob'));
  dance = await startDance(world);
});
afterEach(() => world.close());

const activity = (owner: string, token: string | undefined, body: unknown) =>
  world.hub.app.request(
    `/users/${owner}/activity`,
    { method: 'POST', headers: { authorization: `token ${token}` }, body: JSON.stringify(body) },
    asServer,
  );

describe('what is changed about a person acts on their tokens at once, whoever changed it', () => {
  const scopes = async (token: string): Promise<string[]> =>
    ((await (await dance.user(token)).json()) as { scopes: string[] }).scopes;

  test.each([
    ['an admin', { accounts: { erin: { admin: true } } }, { admin: true }],
    ['a member of a group', { groups: { ops: { members: ['erin'] } } }, { groups: ['local:ops'], admin: true }],
  ])('no more %s', async (_, entries, was) => {
    const erin = world.people.get('erin')!;
    await world.store.admin.update((draft) => void Object.assign(draft, entries));
    world.people.set('erin', { ...erin, ...was });
    const { token } = await world.hub.tokenOffice.make({ owner: 'erin', note: '', scopes: undefined, lifetimeS: 60 });
    expect(await scopes(token)).toContain('admin:users');
    world.people.set('erin', erin);
    await world.store.admin.update((draft) => {
      if (draft.accounts['erin'] !== undefined) draft.accounts['erin'].admin = false;
      if (draft.groups['ops'] !== undefined) draft.groups['ops'].members = [];
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await scopes(token)).not.toContain('admin:users');
  });
});

describe('the machine endpoints', () => {
  test('tell the version without a token', async () => {
    const answer = await world.hub.app.request('/');
    expect(await answer.json()).toEqual({ version: '6.1.1' });
    expect(answer.headers.get('x-jupyterhub-version')).toBe('6.1.1');
  });

  test('an unknown or missing token is 403, never 401, in the shape of JupyterHub', async () => {
    for (const token of ['cgw_unknown', undefined]) {
      const answer = await dance.user(token);
      expect(answer.status).toBe(403);
      expect(await answer.json()).toMatchObject({ status: 403, message: 'Missing or invalid credentials.' });
    }
  });

  test("a server's activity call proves its contact", async () => {
    const at = '2026-06-01T12:00:00.804817Z';
    expect(world.hub.contract.lastContact(aliceKey)).toBeUndefined();
    const answer = await activity('alice', dance.env['JUPYTERHUB_API_TOKEN'], {
      servers: { '': { last_activity: at } },
      last_activity: at,
    });
    expect(answer.status).toBe(200);
    expect(world.hub.contract.lastContact(aliceKey)).toBe(world.clock.nowMs);
  });

  test("activity of others, of other servers and in other shapes is refused, and a visitor's token may not report", async () => {
    const own = dance.env['JUPYTERHUB_API_TOKEN'];
    const last_activity = '2026-06-01T12:00:00Z';
    expect((await activity('bob', own, { last_activity })).status).toBe(404);
    expect((await activity('alice', own, { servers: { other: { last_activity } } })).status).toBe(400);
    expect((await activity('alice', own, { last_activity: 'yesterday' })).status).toBe(400);
    expect((await activity('alice', await dance.signIn('alice.s1'), { last_activity })).status).toBe(403);
  });
});

describe('tokens die', () => {
  test('with the server', async () => {
    const token = await dance.signIn('bob.s2');
    world.serverBecame(aliceKey, 'stopped');
    expect((await dance.user(token)).status).toBe(403);
    expect((await dance.user(dance.env['JUPYTERHUB_API_TOKEN'])).status).toBe(403);
  });

  test('with a new start of the server', async () => {
    const token = await dance.signIn('bob.s2');
    const next = await startDance(world);
    expect((await dance.user(token)).status).toBe(403);
    expect((await next.user(next.env['JUPYTERHUB_API_TOKEN'])).status).toBe(200);
  });

  test('with the session, and only that one', async () => {
    const [first, second] = [await dance.signIn('bob.s2'), await dance.signIn('bob.s3')];
    await world.hub.contract.forgetSession('s2');
    expect((await dance.user(first)).status).toBe(403);
    expect((await dance.user(second)).status).toBe(200);
  });

  test('with the account, its own and those that others hold for its servers', async () => {
    const token = await dance.signIn('bob.s2');
    await world.hub.contract.forgetAccount('alice');
    expect((await dance.user(token)).status).toBe(403);
    expect((await dance.user(dance.env['JUPYTERHUB_API_TOKEN'])).status).toBe(403);
  });

  test('when the account is blocked by hand', async () => {
    const token = await dance.signIn('bob.s2');
    world.store.edit((draft) => {
      draft.accounts['bob'] = { blocked: true };
    });
    expect((await dance.user(token)).status).toBe(403);
  });

  test('as far as access goes, with the share', async () => {
    const token = await dance.signIn('bob.s2');
    const scopesNow = async () => ((await (await dance.user(token)).json()) as { scopes: string[] }).scopes;
    expect(await scopesNow()).toContain('access:servers!server=alice/');
    world.shares.length = 0;
    expect(await scopesNow()).toEqual(['read:users:groups!user=bob', 'read:users:name!user=bob']);
  });

  test('but not with a restart of the gateway', async () => {
    const token = await dance.signIn('bob.s2');
    await world.restart();
    expect(await (await dance.user(token)).json()).toMatchObject({ name: 'bob' });
    expect(world.hub.contract.resolveToken(token)).toMatchObject({ ok: true, value: { account: { name: 'bob' } } });
  });
});

describe('the second gate', () => {
  const fits = (token: string, session: string, name = 'jupyterhub-user-alice') =>
    world.hub.contract.loginCookieFits(aliceKey, name, signedValue(name, token), session);

  test('lets a login cookie of this session pass, and no other', async () => {
    const token = await dance.signIn('bob.s2');
    expect(fits(token, 's2')).toBe(true);
    expect(fits(token, 's3')).toBe(false);
    expect(fits('cgw_unknown', 's2')).toBe(false);
    expect(fits(dance.env['JUPYTERHUB_API_TOKEN'] ?? '', 's2')).toBe(false);
    expect(world.hub.contract.loginCookieFits(aliceKey, 'jupyterhub-user-alice', 'garbage', 's2')).toBe(false);
    expect(world.hub.contract.loginCookieFits(aliceKey, '__Host-jupyterhub-user-alice', 'garbage', 's2')).toBe(false);
  });

  test('is of no concern to other cookies', () => {
    expect(world.hub.contract.loginCookieFits(aliceKey, '_xsrf', 'anything', 's2')).toBe(true);
    expect(world.hub.contract.loginCookieFits(aliceKey, 'jupyterhub-user-alice-oauth-state', 'x', 's2')).toBe(true);
  });

  test('acts at once on logout, and on a change of the server', async () => {
    const token = await dance.signIn('bob.s2');
    await world.hub.contract.forgetSession('s2');
    expect(fits(token, 's2')).toBe(false);
    const other = await (await startDance(world, { owner: 'bob', name: '' })).signIn('bob.s2');
    expect(fits(other, 's2')).toBe(false);
  });
});

test('the environment is what hubapp needs, and nothing that it chokes on', () => {
  expect(dance.env).toMatchObject({
    JUPYTERHUB_CLIENT_ID: 'jupyterhub-user-alice',
    JUPYTERHUB_SERVICE_PREFIX: '/user/alice/',
    JUPYTERHUB_BASE_URL: '/',
    JUPYTERHUB_OAUTH_ACCESS_SCOPES: '["access:servers!server=alice/","access:servers!user=alice"]',
  });
  expect(dance.env['JUPYTERHUB_API_URL']).toMatch(/^http\+unix:\/\/%2F.*hub\.sock\/hub\/api$/);
  expect(dance.env['JUPYTERHUB_ACTIVITY_URL']).toBe(`${dance.env['JUPYTERHUB_API_URL']}/users/alice/activity`);
  expect(dance.env).not.toHaveProperty('JUPYTERHUB_SERVICE_URL');
});

describe('what a server sees of a token', () => {
  const alices = { kind: 'server', ...aliceKey } as const;
  const make = async (owner: string, scopes?: string[]) =>
    (await world.hub.tokenOffice.make({ owner, note: '', scopes, lifetimeS: 600 })).token;
  const scopesOf = async (token: string | undefined) =>
    ((await (await dance.user(token)).json()) as { scopes?: string[] }).scopes;
  const opens = ['access:servers!server=alice/', 'read:users:groups!user=bob', 'read:users:name!user=bob'];

  test('is the very token that was made for it, and for another server one that opens nothing there', async () => {
    const token = await dance.signIn('bob.s2');
    expect(world.hub.contract.passedOn(token, alices)).toBe(token);
    const other = world.hub.contract.passedOn(token, { kind: 'server', owner: 'erin', name: '' });
    expect(other).not.toBe(token);
    expect(await scopesOf(other)).toEqual(opens.slice(1));
  });

  test('is else one of the same person for this server alone, as long as the gate lets them in', async () => {
    world.store.edit((draft) => void (draft.shares['alice-bob'] = makeShare('alice', 'bob')));
    const seen = world.hub.contract.passedOn(await make('bob'), alices);
    expect(await scopesOf(seen)).toEqual(opens);
    world.shares.length = 0;
    world.store.edit((draft) => void delete draft.shares['alice-bob']);
    expect(await scopesOf(seen)).toEqual(opens.slice(1));
  });

  test('does no more than the token that it stands for', async () => {
    const seen = world.hub.contract.passedOn(await make('bob', ['read:users:name!user']), alices);
    expect(await scopesOf(seen)).toEqual(opens.slice(1));
  });

  test('ends with its end, with a block, and with the gateway', async () => {
    const [first, second] = [await make('bob'), await make('bob')];
    const [one, two] = [first, second].map((token) => world.hub.contract.passedOn(token, alices));
    await world.hub.tokenOffice.revoke({ token: first });
    expect((await dance.user(one)).status).toBe(403);
    expect((await dance.user(two)).status).toBe(200);
    world.clock.nowMs += 601_000;
    expect((await dance.user(two)).status).toBe(403);
    const third = world.hub.contract.passedOn(await make('bob'), alices);
    world.store.edit((draft) => {
      draft.accounts['bob'] = { blocked: true };
    });
    expect((await dance.user(third)).status).toBe(403);
    world.store.edit((draft) => {
      draft.accounts['bob'] = { blocked: false };
    });
    expect((await dance.user(third)).status).toBe(200);
    await world.restart();
    expect((await dance.user(third)).status).toBe(403);
  });

  test('is nothing for a text that is no token of a person', async () => {
    const { contract } = world.hub;
    for (const token of ['cgw_', 'cgw_unknown', `cgw_${'A'.repeat(200)}`, await contract.serviceToken('report')])
      expect(contract.passedOn(token, alices)).toBeUndefined();
    expect(contract.passedOn(dance.env['JUPYTERHUB_API_TOKEN'] ?? '', alices)).toBeUndefined();
  });
});
