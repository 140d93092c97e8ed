import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endServers } from '../helpers/endServers.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { startOidcProvider } from '../helpers/oidcProvider.ts';
import type { OidcProviderProcess } from '../helpers/oidcProvider.ts';
import { ownToken } from '../helpers/ownToken.ts';
import { describeWith } from '../helpers/requires.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

const maxAgeS = 6;

/** What a provider has taken away must not live on in a browser that renews (I2): `oidc-provider` in another process. */
describeWith(['root'], 'groups that the site’s OpenID provider takes away', () => {
  let provider: OidcProviderProcess;
  let gateway: GatewayProcess;
  let alice: SystemAccount;
  let bob: SystemAccount;

  const claimsOf = ({ name }: SystemAccount, groups?: readonly string[]) => ({
    email: `${name}@example.org`,
    email_verified: 'true',
    ...(groups === undefined ? {} : { groups }),
  });
  const say = (groups?: readonly string[]) => provider.tell({ claims: { alice: claimsOf(alice, groups) } });

  beforeAll(async () => {
    [alice, bob] = [makeSystemAccount(), makeSystemAccount()];
    const port = await freePort();
    const at = (path: string): string => `http://localhost:${port}/hub/${path}`;
    provider = await startOidcProvider({
      redirectUris: [at('oauth_callback')],
      logoutUri: at('logout/done'),
      backChannelUri: at('backchannel_logout'),
      people: { alice: claimsOf(alice, ['ops', 'wx']), bob: claimsOf(bob, []) },
    });
    const dataDir = dataFolder('groups');
    const config = join(dataDir, 'gateway.yaml');
    await writeFile(join(dataDir, 'secret'), 'the secret of the tests\n', { mode: 0o600 });
    await writeFile(config, configuration(provider.issuer, dataDir));
    gateway = await startGateway({ dataDir, port, args: ['--config', config], env: { PATH: '/usr/bin:/bin' } });
  });
  afterAll(async () => {
    await gateway.end();
    endServers(gateway.dataDir);
    await provider.end();
    for (const account of [alice, bob]) account.remove();
  });

  async function signedIn(who: string): Promise<Visitor> {
    const visitor = new Visitor(gateway.origin);
    const page = await visitor.get('/hub/login?next=/hub/home', { headers: { 'x-test-user': who } });
    expect(page.url).toBe(`${gateway.origin}/hub/home`);
    return visitor;
  }
  const admin = async (visitor: Visitor): Promise<number> =>
    (await visitor.get('/hub/admin', { follow: false })).status;
  const adminCall = async (token: string): Promise<boolean> => {
    const headers = { authorization: `token ${token}` };
    const answer = await fetch(`${gateway.origin}/hub/api/user`, { headers });
    return ((await answer.json()) as { scopes: string[] }).scopes.includes('admin:users');
  };
  const isIn = async (visitor: Visitor) => (await visitor.get('/hub/home', { follow: false })).status === 200;

  test('an admin is none any more with the next renewal: on pages and by tokens; the sign-in goes on', async () => {
    await say(['ops', 'wx']);
    const visitor = await signedIn('alice');
    const token = await ownToken(visitor);
    expect([await admin(visitor), await adminCall(token)]).toEqual([200, true]);
    await say(['wx']);
    await until(
      async () => (await admin(visitor)) === 403,
      15_000,
      () => gateway.output(),
    );
    expect([await adminCall(token), await isIn(visitor)]).toEqual([false, true]);
    await say(['ops']);
    await until(async () => (await admin(visitor)) === 200, 15_000);
    expect(await adminCall(token)).toBe(true);
  });

  test('what a group had opened is closed, and stays closed', async () => {
    await say(['wx']);
    const [visitor, owner] = [await signedIn('alice'), await signedIn('bob')];
    await owner.submit(await owner.get('/hub/spawn'), {}, /spawn/);
    const grant = { 'option.kind': 'group', 'option.grantee': 'claim:wx', 'option.level': 'read' };
    await owner.submit(await owner.get(`/hub/share/${bob.name}`), grant, /\/share\//);
    const open = async () => {
      const page = await visitor.get(`/user/${bob.name}/`);
      return page.body.includes('Open as') ? visitor.submit(page, {}, /authorize/) : page;
    };
    await until(
      async () => (await open()).body.includes('stand-in'),
      60_000,
      () => gateway.output(),
    );
    const socket = visitor.websocket(`/user/${bob.name}/cylc/subscriptions`, ['graphql-transport-ws']);
    await once(socket, 'open');
    const closed = once(socket, 'close') as Promise<[number]>;
    await say([]);
    expect((await closed)[0]).toBe(4403);
    expect([(await open()).status, await isIn(visitor)]).toEqual([403, true]);
  });

  test('groups that only its userinfo names count, and so does what that leaves out', async () => {
    await say(['ops']);
    const visitor = await signedIn('alice');
    await provider.tell({ groupsInIdToken: false });
    const asked = await provider.count('/me');
    await until(async () => (await provider.count('/me')) > asked + 1, 15_000);
    expect(await admin(visitor)).toBe(200);
    await say(['wx']);
    await until(async () => (await admin(visitor)) === 403, 15_000);
    expect(await isIn(visitor)).toBe(true);
    await provider.tell({ groupsInIdToken: true });
  });

  test('a provider that names none at all is believed in what it said last, for a while', async () => {
    await say(['ops']);
    const visitor = await signedIn('alice');
    const begun = Date.now();
    await say();
    await until(() => gateway.output().includes('the last known ones count for now'), 15_000);
    if (Date.now() - begun < maxAgeS * 1000) expect(await admin(visitor)).toBe(200);
    await until(async () => (await admin(visitor)) === 403, 30_000);
    expect(gateway.output()).toContain('none count any more');
    expect(Date.now() - begun).toBeGreaterThanOrEqual(maxAgeS * 1000 - 1000);
    expect(await isIn(visitor)).toBe(true);
  });
});

function configuration(issuer: string, folder: string): string {
  return `
access:
  adminGroups: ['claim:ops']
identity:
  session: { lifetimeS: 120 }
  oidc:
    issuer: ${issuer}
    dangerouslyAllowHttp: true
    clientId: gateway
    clientSecretFile: ${folder}/secret
    scope: openid profile email offline_access
    renewEveryS: 1
    groupsMaxAgeS: ${maxAgeS}
    timeoutS: 5
    require: { email_verified: true }
    account: [{ claim: email, pattern: '([\\w-]+)@example\\.org' }]
    groups: { claim: groups }
`;
}
