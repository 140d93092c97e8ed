import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { startOidcProvider } from '../helpers/oidcProvider.ts';
import type { OidcProviderProcess } from '../helpers/oidcProvider.ts';
import { describeWith } from '../helpers/requires.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';
import type { Answer } from '../helpers/visitor.ts';

interface State {
  sessions: Record<string, { id: string; account: string; expiresAt: string; groups?: string[]; kept?: string }>;
  tokens: Record<string, { kind: string; sessionId: string | null }>;
}

/** Sign-in with a site's provider: `oidc-provider` in another process, the gateway as its own program. */
describeWith(['root'], 'sign-in with the site’s OpenID provider', () => {
  let provider: OidcProviderProcess;
  let gateway: GatewayProcess;
  let account: SystemAccount;

  beforeAll(async () => {
    account = makeSystemAccount();
    const port = await freePort();
    const at = (path: string): string => `http://localhost:${port}/hub/${path}`;
    const email = `${account.name}@example.org`;
    provider = await startOidcProvider({
      redirectUris: [at('oauth_callback')],
      logoutUri: at('logout/done'),
      backChannelUri: at('backchannel_logout'),
      people: {
        alice: { email, email_verified: true, groups: ['ops', 'wx'] },
        mallory: { email, email_verified: false },
        stranger: { email: 'stranger@example.org', email_verified: true },
        leaver: { email, email_verified: true },
      },
    });
    const dataDir = dataFolder('oidc');
    const config = join(dataDir, 'gateway.yaml');
    await writeFile(join(dataDir, 'secret'), 'the secret of the tests\n', { mode: 0o600 });
    await writeFile(config, configuration(provider.issuer, dataDir));
    gateway = await startGateway({ dataDir, port, args: ['--config', config], env: { PATH: '/usr/bin:/bin' } });
  });
  afterAll(async () => {
    await gateway.end();
    await provider.end();
    account.remove();
  });
  beforeEach(() => provider.tell({ how: 'well' }));

  async function signIn(visitor: Visitor, who: string, next = '/hub/home'): Promise<Answer> {
    const headers = { 'x-test-user': who };
    return visitor.get(`/hub/login?next=${encodeURIComponent(next)}`, { headers });
  }
  async function signedIn(who = 'alice'): Promise<Visitor> {
    const visitor = new Visitor(gateway.origin);
    expect((await signIn(visitor, who)).url).toBe(`${gateway.origin}/hub/home`);
    return visitor;
  }
  const state = async (): Promise<State> =>
    JSON.parse(await readFile(join(gateway.dataDir, 'state.json'), 'utf8')) as State;
  const isIn = async (visitor: Visitor): Promise<boolean> =>
    (await visitor.get('/hub/home', { follow: false })).status === 200;

  test('claims become an account and groups; nothing of the provider is readable in the store', async () => {
    const visitor = await signedIn();
    expect((await visitor.get('/hub/home')).body).toContain(account.name);
    const sid = visitor.cookie('jupyterhub-session-id') ?? '';
    const record = (await state()).sessions[sid];
    expect(record).toMatchObject({ account: account.name, groups: ['claim:ops', 'claim:wx'] });
    expect(record?.kept).toMatch(/^ey[\w-]+\.\.[\w-]+/);
    expect(visitor.cookie('cylc-gateway')?.length).toBeLessThan(1000);
  });

  test('an address that is not verified, or of nobody here, signs nobody in: the page says whom to ask', async () => {
    for (const who of ['mallory', 'stranger']) {
      const page = await signIn(new Visitor(gateway.origin), who);
      expect([page.status, page.body]).toEqual([403, expect.stringContaining('Ask the wizards for an account')]);
    }
  });

  test('four tabs at once all come to where they wanted, in any order', async () => {
    const visitor = new Visitor(gateway.origin);
    const callbacks: string[] = [];
    for (const next of ['/hub/home?t=0', '/hub/home?t=1', '/hub/home?t=2', '/hub/home?t=3'])
      callbacks.push(await walkTo(visitor, `/hub/login?next=${encodeURIComponent(next)}`, /oauth_callback/));
    for (const tab of [2, 0, 3, 1])
      expect((await visitor.get(callbacks[tab] ?? '')).url).toBe(`${gateway.origin}/hub/home?t=${tab}`);
    expect((await visitor.get(callbacks[0] ?? '')).status).toBe(401);
  });

  async function walkTo(visitor: Visitor, from: string, to: RegExp): Promise<string> {
    let at = new URL(from, gateway.origin).href;
    for (let steps = 0; steps < 12 && !to.test(new URL(at).pathname); steps += 1) {
      const answer = await visitor.get(at, { headers: { 'x-test-user': 'alice' }, follow: false });
      at = new URL(String(answer.headers['location']), at).href;
    }
    return at;
  }

  test('a callback in another browser, with another state, or with a code of another sign-in is refused', async () => {
    const [mine, theirs] = [new Visitor(gateway.origin), new Visitor(gateway.origin)];
    const [callback, other] = [
      await walkTo(mine, '/hub/login', /callback/),
      await walkTo(mine, '/hub/login', /callback/),
    ];
    expect((await theirs.get(callback)).status).toBe(401);
    expect(theirs.cookie('cylc-gateway')).toBeUndefined();
    const swapped = new URL(callback);
    swapped.searchParams.set('code', new URL(other).searchParams.get('code') ?? '');
    expect((await mine.get(swapped.href)).status).toBe(401);
    const foreign = new URL(other);
    foreign.searchParams.set('iss', 'https://evil.example');
    expect((await mine.get(foreign.href)).status).toBe(401);
    expect(await isIn(mine)).toBe(false);
  });

  test('a callback is good once, even for who has kept the cookie of the sign-in', async () => {
    const visitor = new Visitor(gateway.origin);
    const callback = await walkTo(visitor, '/hub/login', /callback/);
    const names = visitor.cookieHeader('/').match(/cylc-gateway-login-[\w-]+/g) ?? [];
    const kept = names.map((name) => [name, visitor.cookie(name) ?? ''] as const);
    expect((await visitor.get(callback)).url).toBe(`${gateway.origin}/hub/home`);
    const thief = new Visitor(gateway.origin);
    for (const [name, value] of kept) thief.setCookie(name, value);
    expect((await thief.get(callback)).status).toBe(401);
    expect(await isIn(thief)).toBe(false);
  });

  test('a session id that was there before the sign-in is not taken over (fixation)', async () => {
    const visitor = new Visitor(gateway.origin);
    visitor.setCookie('jupyterhub-session-id', 'planted');
    visitor.setCookie('cylc-gateway', 'planted');
    await signIn(visitor, 'alice');
    expect(visitor.cookie('jupyterhub-session-id')).not.toBe('planted');
    expect(await isIn(visitor)).toBe(true);
    const first = visitor.cookie('jupyterhub-session-id');
    await visitor.get(await walkTo(visitor, '/hub/login?with=provider', /^\/hub\/home/));
    expect(visitor.cookie('jupyterhub-session-id')).toBe(first);
  });

  test('rotated keys are found, and who is signed in stays so', async () => {
    const before = await signedIn();
    await provider.tell({ rotate: true });
    await Promise.all([signedIn(), signedIn(), signedIn()]);
    expect(await isIn(before)).toBe(true);
  });

  test.each(['down', 'slow', 'broken'] as const)(
    'while the provider is %s, the page says so in time, and who is signed in goes on',
    async (how) => {
      const before = await signedIn();
      const visitor = new Visitor(gateway.origin);
      const callback = await walkTo(visitor, '/hub/login', /oauth_callback/);
      await provider.tell({ how });
      const page = await visitor.get(callback);
      expect(page.status, page.body).toBe(503);
      expect(await isIn(before)).toBe(true);
      await provider.tell({ how: 'well' });
      await signedIn();
    },
  );

  test('a provider whose clock is off is named as what it is', async () => {
    await provider.tell({ clockOffsetS: -400 });
    try {
      const page = await signIn(new Visitor(gateway.origin), 'alice');
      expect([page.status, page.url, page.body]).toEqual([401, expect.anything(), expect.stringContaining('clock')]);
    } finally {
      await provider.tell({ clockOffsetS: 0 });
    }
    await signedIn();
  });

  test('renewed silently with the same session, until the provider says no: then its sockets close', async () => {
    const visitor = await signedIn('leaver');
    const sid = visitor.cookie('jupyterhub-session-id') ?? '';
    await visitor.submit(await visitor.get('/hub/spawn'), {}, /spawn/);
    const server = `/user/${account.name}/`;
    await until(async () => (await visitor.get(server)).body.includes('stand-in'), 60_000);
    const socket = visitor.websocket(`${server}cylc/subscriptions`, ['graphql-transport-ws']);
    await once(socket, 'open');
    const first = (await state()).sessions[sid]?.expiresAt ?? '';
    await until(async () => ((await state()).sessions[sid]?.expiresAt ?? '') > first);
    expect(await isIn(visitor)).toBe(true);
    const closed = once(socket, 'close');
    await provider.tell({ forget: 'leaver' });
    expect((await closed)[0]).toBe(4401);
    expect(await isIn(visitor)).toBe(false);
    await until(async () => Object.values((await state()).tokens).every((token) => token.sessionId !== sid));
  });

  test('signing out at the provider too: the browser is led there and back', async () => {
    const visitor = await signedIn();
    const out = await visitor.post('/hub/logout');
    const leave = /^0; url=(.*)$/.exec(String(out.headers['refresh']))?.[1] ?? '';
    expect(new URL(leave).origin).toBe(provider.issuer);
    const asked = await visitor.get(leave);
    const done = await visitor.submit(asked, { logout: 'yes' }, /session\/end/);
    expect([done.status, new URL(done.url).pathname]).toEqual([200, '/hub/logout/done']);
    expect(done.body).toContain('signed out');
  });

  test('who signs out at the provider is signed out here within a second, by its own notice', async () => {
    const [visitor, other] = [await signedIn(), await signedIn()];
    const leave = `${provider.issuer}/session/end?client_id=gateway`;
    await visitor.submit(await visitor.get(leave), { logout: 'yes' }, /session\/end/);
    await until(async () => !(await isIn(visitor)));
    expect(await isIn(other)).toBe(true);
  });

  test('a notice that is forged, or no notice, ends nothing', async () => {
    const visitor = await signedIn();
    const forged = `${btoa('{"alg":"none"}')}.${btoa('{}')}.`;
    for (const token of ['', 'x', forged, visitor.cookie('cylc-gateway') ?? ''])
      expect((await visitor.post('/hub/backchannel_logout', { logout_token: token })).status).toBe(400);
    expect(await isIn(visitor)).toBe(true);
  });
});

function configuration(issuer: string, folder: string): string {
  return `
identity:
  contact: the wizards
  session: { lifetimeS: 60 }
  oidc:
    issuer: ${issuer}
    dangerouslyAllowHttp: true
    clientId: gateway
    clientSecretFile: ${folder}/secret
    scope: openid profile email offline_access
    title: Example
    signOut: provider
    renewEveryS: 2
    timeoutS: 2
    require: { email_verified: true }
    account: [{ claim: email, pattern: '([\\w-]+)@example\\.org' }]
    groups: { claim: groups }
`;
}
