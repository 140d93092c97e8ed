import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { startIssuer } from '../helpers/issuer.ts';
import type { Issuer } from '../helpers/issuer.ts';
import { describeWith } from '../helpers/requires.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { promptlyMs, until } from '../helpers/until.ts';
import { Visitor } from '../helpers/visitor.ts';

/** Sites whose single sign-on sets a cookie or a header: the recipes of docs/single-sign-on.md, through the program. */
describeWith(['root'], 'tokens of the site’s single sign-on', () => {
  let gateway: GatewayProcess;
  let issuers: { access: Issuer; keycloak: Issuer; plain: Issuer };
  let account: SystemAccount;

  beforeAll(async () => {
    account = makeSystemAccount();
    issuers = {
      access: await startIssuer('RS256'),
      keycloak: await startIssuer('RS256'),
      plain: await startIssuer('EdDSA'),
    };
    const dataDir = dataFolder('sso');
    const file = join(dataDir, 'gateway.yaml');
    await writeFile(join(dataDir, 'sso.json'), JSON.stringify(issuers.plain.publicSet()));
    await writeFile(file, configuration(issuers, dataDir, account.name));
    gateway = await startGateway({ dataDir, args: ['--config', file], env: { PATH: '/usr/bin:/bin' } });
  });
  afterAll(async () => {
    await gateway.end();
    for (const issuer of Object.values(issuers)) await issuer.close();
    account.remove();
  });

  /** What each of the three puts into a request. */
  const recipes = {
    'Cloudflare Access, cookie': async () => ({ cookie: `CF_Authorization=${await accessToken()}` }),
    'Cloudflare Access, header': async () => ({ 'cf-access-jwt-assertion': await accessToken() }),
    'oauth2-proxy': async () => ({ authorization: `Bearer ${await idToken()}` }),
    'a plain cookie': async () => ({ cookie: `other=1; site_sso=${await plainToken()}` }),
  };
  const accessToken = (more = {}): Promise<string> =>
    issuers.access.sign({ aud: ['tag'], sub: 'c0ffee', email: `${account.name}@example.org`, type: 'app', ...more });
  const idToken = (more = {}): Promise<string> =>
    issuers.keycloak.sign({ aud: 'proxy', sub: 'f00', preferred_username: account.name, sid: 'sid-1234', ...more });
  const plainToken = (more = {}): Promise<string> =>
    issuers.plain.sign({ iss: 'https://sso.example.org', aud: 'cylc', sub: '0815', ...more });

  async function home(headers: Record<string, string>): Promise<{ status: number; body: string }> {
    return new Visitor(gateway.origin).get('/hub/home', { headers, follow: false });
  }

  test.each(Object.entries(recipes))('%s: nothing to log in to', async (_, headers) => {
    const page = await home(await headers());
    expect(page.status).toBe(200);
    expect(page.body).toContain(account.name);
  });

  test('the right token at the wrong place, for another application, or of nobody here is refused in its own way', async () => {
    expect((await home({ cookie: `site_sso=${await accessToken()}` })).status).toBe(302);
    expect((await home({ cookie: `CF_Authorization=${await accessToken({ aud: ['other'] })}` })).status).toBe(302);
    expect(gateway.output()).not.toContain(await accessToken());
    const nobody = await home({ cookie: `CF_Authorization=${await accessToken({ email: 'nobody-x@example.org' })}` });
    expect([nobody.status, nobody.body]).toEqual([403, expect.stringContaining('Ask the wizards for an account')]);
    const root = await home({ cookie: `CF_Authorization=${await accessToken({ email: 'root@example.org' })}` });
    expect(root.status).toBe(403);
  });

  test('who has no token is sent to the sign-in service, and told what is wrong when it comes to nothing', async () => {
    const visitor = new Visitor(gateway.origin);
    const choice = await visitor.get('/hub/home');
    const href = /href="([^"]*with=issuer-2[^"]*)"/.exec(choice.body)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const sent = await visitor.get(href, { follow: false });
    const back = new URL(new URL(String(sent.headers['location'])).searchParams.get('rd') ?? '');
    expect(back.origin).toBe(gateway.origin);
    expect((await visitor.get(back.href)).body).toContain('did not send the sign-in along');
    visitor.setCookie('site_sso', await plainToken({ exp: Math.floor(Date.now() / 1000) - 90 }));
    expect((await visitor.get(back.href)).body).toContain('clock');
    visitor.setCookie('site_sso', await plainToken({ aud: 'intranet' }));
    expect((await visitor.get(back.href)).body).toContain('another application');
    visitor.setCookie('site_sso', await plainToken());
    expect((await visitor.get(back.href)).url).toBe(`${gateway.origin}/hub/home`);
  });

  describe('with a server', () => {
    const socketsOf = new Map<string, Visitor>();

    async function openSocket(token: string): Promise<{ closed: Promise<[number, number]> }> {
      const visitor = new Visitor(gateway.origin);
      visitor.setCookie('site_sso', token);
      socketsOf.set(token, visitor);
      await visitor.get(`/user/${account.name}/`);
      const socket = visitor.websocket(`/user/${account.name}/cylc/subscriptions`, ['graphql-transport-ws']);
      await once(socket, 'open');
      return { closed: once(socket, 'close').then(([code]) => [Number(code), Date.now()]) };
    }

    beforeAll(async () => {
      const visitor = new Visitor(gateway.origin);
      visitor.setCookie('site_sso', await plainToken({ session: 'for-the-start' }));
      await visitor.submit(await visitor.get('/hub/spawn'), {}, /spawn/);
      await until(
        async () => (await visitor.get(`/user/${account.name}/`)).body.includes('stand-in'),
        60_000,
        () => gateway.output(),
      );
    }, 90_000);

    test('the end of the token ends what it opened, with a code; a renewed token keeps it open', async () => {
      const now = Math.floor(Date.now() / 1000);
      const short = { exp: now - 20, iat: now - 60 };
      const [ending, renewed] = await Promise.all([
        openSocket(await plainToken({ ...short, session: 'ending' })),
        openSocket(await plainToken({ ...short, session: 'renewed' })),
      ]);
      const again = new Visitor(gateway.origin);
      again.setCookie('site_sso', await plainToken({ session: 'renewed' }));
      expect((await again.get('/hub/home')).status).toBe(200);
      const [code, at] = await ending.closed;
      expect(code).toBe(4401);
      expect(at - (now + 10) * 1000).toBeLessThan(promptlyMs);
      expect(await Promise.race([renewed.closed.then(() => 'closed'), until(later(1500))])).toBe(true);
    });

    test('signing out here ends its sockets and tokens within a second, and the old token is void from then on', async () => {
      const token = await plainToken({ session: 'signing-out' });
      const { closed } = await openSocket(token);
      const visitor = socketsOf.get(token) as Visitor;
      expect(visitor.cookie('jupyterhub-session-id')).toMatch(/^x-[\w-]{43}$/);
      const tokens = async (): Promise<number> => (await state()).filter((one) => one.kind === 'oauth').length;
      const before = await tokens();
      const page = await visitor.post('/hub/logout');
      const outAt = Date.now();
      expect(page.body).toContain('https://sso.example.org/leave');
      const [code, at] = await closed;
      expect(code).toBe(4401);
      expect(at - outAt).toBeLessThan(promptlyMs);
      await until(async () => (await tokens()) < before);
      expect((await home({ cookie: `site_sso=${token}` })).status).toBe(302);
      const renewed = await plainToken({ session: 'signing-out', jti: 'another' });
      expect((await home({ cookie: `site_sso=${renewed}` })).status).toBe(302);
      expect((await visitor.get('/hub/login?turn=1')).body).toContain('You have signed out here');
      expect((await home({ cookie: `site_sso=${await plainToken({ session: 'after' })}` })).status).toBe(200);
    });
  });

  async function state(): Promise<{ kind: string }[]> {
    const text = await readFile(join(gateway.dataDir, 'state.json'), 'utf8');
    return Object.values((JSON.parse(text) as { tokens: Record<string, { kind: string }> }).tokens);
  }
});

function later(ms: number): () => boolean {
  const at = Date.now() + ms;
  return () => Date.now() > at;
}

function configuration(issuers: Record<'access' | 'keycloak' | 'plain', Issuer>, folder: string, name: string): string {
  return `
identity:
  contact: the wizards
  issuers:
    - issuer: ${issuers.access.url}
      audience: tag
      jwksUrl: ${issuers.access.jwksUrl}
      cookie: CF_Authorization
      header: Cf-Access-Jwt-Assertion
      sessionClaim: identity_nonce
      account: [{ claim: email, pattern: '([\\w-]+)@example\\.org' }]
    - issuer: ${issuers.keycloak.url}
      audience: proxy
      header: Authorization
      account: [{ claim: preferred_username }]
      signInUrl: https://wx.example.org/oauth2/start?rd={next}
    - issuer: https://sso.example.org
      audience: cylc
      algorithms: [EdDSA]
      jwksFile: ${folder}/sso.json
      cookie: site_sso
      sessionClaim: session
      account: [{ claim: sub, table: { '0815': ${name} } }]
      signInUrl: https://sso.example.org/enter?rd={next}
      signOutUrl: https://sso.example.org/leave
`;
}
