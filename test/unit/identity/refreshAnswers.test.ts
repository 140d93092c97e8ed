import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { LiveSession } from '../../../src/identity/sessionRecords.ts';
import type { SiteAccounts } from '../../../src/identity/siteAccounts.ts';
import { createOidcClient } from '../../../src/identity/oidcClient.ts';
import type { OidcClient } from '../../../src/identity/oidcClient.ts';
import { renewedAccount } from '../../../src/identity/renewedAccount.ts';
import { identityOf } from '../../helpers/pagesFixture.ts';

/** A provider may answer a refresh without an ID token (OpenID Connect Core, 12.2); the one of other tests always has one. */
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
const clock = { now: () => Date.parse('2026-11-24T12:00:00Z') };

/** The least of a provider: discovery, a token endpoint, and user info where it is given. */
async function startProvider(answers: { token?: object; userInfo?: object }): Promise<OidcClient> {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const answer = path.startsWith('/.well-known/')
      ? metadata()
      : path === '/token'
        ? { access_token: 'access', token_type: 'Bearer', ...answers.token }
        : path === '/userinfo'
          ? answers.userInfo
          : undefined;
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer ?? {}));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const metadata = (): object => ({
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
  });
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return createOidcClient({
    issuer,
    clientId: 'gateway',
    clientSecret: 'the secret of the tests',
    redirectUri: 'http://localhost/hub/oauth_callback',
    scope: 'openid',
    dangerouslyAllowHttp: true,
    clock,
  });
}

const hours = 3_600_000;
const session = { id: 's1', account: 'alice', issuer: 'site', groups: ['claim:ops'] } as unknown as LiveSession;

/** Groups and age of a renewed sign-in, of a session that was last told of groups so long ago. */
async function renew(client: OidcClient, toldMsAgo: number) {
  const toldAt = clock.now() - toldMsAgo;
  const asked: unknown[] = [];
  const account = identityOf('alice').account;
  const people = {
    rulesOf: () => ({ groupsClaim: 'groups' }),
    byClaims: () => Promise.reject(new Error('without an ID token no claim gives a name')),
    byNameAndGroups(issuer: string, name: string, claims: { groups?: unknown }, last: readonly string[] | undefined) {
      asked.push(issuer, name);
      return Promise.resolve({ ok: true, account: { ...account, groups: claims.groups ?? last ?? [] } });
    },
  } as unknown as SiteAccounts;
  const signIn = await client.refresh('refresh 1', 'subject-1');
  const live = { ...session, createdAt: new Date(toldAt).toISOString() };
  const options = { people, clock, groupsMaxAgeMs: 12 * hours, log: { warn: () => {} } };
  const { found, groupsAtMs } = await renewedAccount(live, signIn, options);
  expect(asked).toEqual(['site', 'alice']);
  return { groups: found.ok ? found.account.groups : undefined, told: groupsAtMs === clock.now(), signIn };
}

test('without an ID token it is still the same person, who keeps the refresh token where no new one comes', async () => {
  const kept = await renew(await startProvider({}), hours);
  expect(kept.signIn).toMatchObject({ subject: 'subject-1', refreshToken: 'refresh 1', claims: {} });
  expect(kept.signIn.idToken).toBeUndefined();
  const next = await renew(await startProvider({ token: { refresh_token: 'refresh 2' } }), hours);
  expect(next.signIn.refreshToken).toBe('refresh 2');
});

test('without an ID token user info is asked for the groups, and a shorter list counts at once', async () => {
  const client = await startProvider({ userInfo: { sub: 'subject-1', groups: ['wx'] } });
  expect(await renew(client, hours)).toMatchObject({ groups: ['wx'], told: true });
});

test.each([
  ['none', undefined],
  ['none that names groups', { sub: 'subject-1' }],
  ['one of another subject, which is not believed', { sub: 'another', groups: ['admins'] }],
])('without an ID token, and user info %s: the last groups count for a while, then none', async (_, userInfo) => {
  const client = await startProvider(userInfo === undefined ? {} : { userInfo });
  expect(await renew(client, 11 * hours)).toMatchObject({ groups: ['claim:ops'], told: false });
  expect(await renew(client, 13 * hours)).toMatchObject({ groups: [], told: false });
});

test('an ID token that is none renews nothing, instead of being taken for absent', async () => {
  const client = await startProvider({ token: { id_token: 'a.b.c' } });
  await expect(client.refresh('refresh 1', 'subject-1')).rejects.toMatchObject({ code: 'auth.unavailable' });
});
