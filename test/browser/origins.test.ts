/** An origin for each account, in a real browser: `https://<name>.site.example` beside `https://site.example`. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { certificateAuthority } from '../helpers/certificates.ts';
import { ask } from '../helpers/chp.ts';
import type { ChpAnswer } from '../helpers/chp.ts';
import { launchChromium } from '../helpers/chromium.ts';
import { endAll, ownerOf, withoutCylc } from '../helpers/firstVisit.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';

describeWith(['chromium', 'openssl'], 'an origin for each account', () => {
  const dir = mkdtempSync(join(tmpdir(), 'origins-'));
  const authority = certificateAuthority(dir);
  const tls = { ca: readFileSync(authority.cert), hostname: '127.0.0.1', servername: 'site.example' };
  let browser: Browser;
  let gateway: GatewayProcess;
  let context: BrowserContext;
  let page: Page;
  let owner: string;
  let main: string;
  let own: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    const port = await freePort();
    const { cert, key } = authority.issue('site', 'DNS:site.example,DNS:*.site.example');
    main = `https://site.example:${port}`;
    const options = [`listen.tls.cert=${cert}`, `listen.tls.key=${key}`, 'userDomain=site.example'];
    const args = ['--public-url', main, ...options.flatMap((option) => ['--set', option])];
    [browser, gateway] = await Promise.all([
      launchChromium(['--host-resolver-rules=MAP *.example 127.0.0.1']),
      startGateway({ port, env: withoutCylc, args }),
    ]);
    owner = ownerOf(gateway);
    own = `https://${owner}.site.example:${port}`;
    [context, page] = await visitor(owner);
  });
  afterAll(async () => {
    await browser.close();
    await endAll(gateway);
    rmSync(dir, { recursive: true });
  });

  async function visitor(account: string): Promise<[BrowserContext, Page]> {
    const fresh = await browser.newContext({ ignoreHTTPSErrors: true });
    const first = await fresh.newPage();
    first.on('console', (message) => {
      if (/content security policy|refused to/i.test(message.text())) complaints.push(message.text());
    });
    await first.goto(gateway.links().get(account) ?? '');
    await first.getByRole('button', { name: /Sign in as/ }).click();
    await first.waitForURL('**/hub/home');
    return [fresh, first];
  }

  /** A request by a program, to any host of the gateway. */
  const raw = (host: string, path: string, headers: Record<string, string>): Promise<ChpAnswer> =>
    ask(main, path, { headers: { host, ...headers }, tls });

  const serverPage = (): string => `${own}/user/${owner}/cylc/`;

  test('Start ends on the page of the server, at the origin of its owner, with its WebSocket live', async () => {
    const frames = page.waitForEvent('websocket').then(async (socket) => {
      await socket.waitForEvent('framereceived');
      return socket.url();
    });
    await page.getByRole('link', { name: 'Start', exact: true }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForURL(serverPage());
    expect(await page.content()).toContain('stand-in');
    expect(await frames).toBe(`${own.replace('https', 'wss')}/user/${owner}/cylc/subscriptions`);
  });

  test('the sign-in there is another, of that host alone, and worth nothing elsewhere', async () => {
    const cookies = (await context.cookies()).filter(({ name }) => name === '__Host-cylc-gateway');
    expect(cookies.map(({ domain }) => domain).toSorted()).toEqual(
      [`${owner}.site.example`, 'site.example'].toSorted(),
    );
    const [one, other] = cookies;
    expect(one?.value).not.toBe(other?.value);
    const sealed = cookies.find(({ domain }) => domain !== 'site.example')?.value ?? '';
    const statusAt = async (host: string, path: string): Promise<number> =>
      (await raw(host, path, { cookie: `__Host-cylc-gateway=${sealed}`, accept: 'application/json' })).status;
    const at = (name: string): string => `${name}.site.example:${new URL(main).port}`;
    expect(await statusAt(at(owner), `/user/${owner}/api`)).toBe(200);
    expect(await statusAt(new URL(main).host, `/user/${owner}/api`)).toBe(401);
    expect(await statusAt(new URL(main).host, '/hub/api/user')).toBeGreaterThanOrEqual(401);
    expect(await statusAt(at('guest'), '/user/guest/api')).toBe(401);
  });

  test('each address is on its own origin, whichever one is asked', async () => {
    await page.goto(`${main}/user/${owner}/`);
    expect(page.url()).toBe(serverPage());
    await page.goto(`${own}/hub/home`);
    expect(page.url()).toBe(`${main}/hub/home`);
    await page.goto(own);
    expect(page.url()).toBe(serverPage());
    await page.goto(`${own}/user/guest/`);
    expect(new URL(page.url()).host).not.toBe(new URL(own).host);
  });

  test('a script of a server reaches neither the gateway nor another server in the name of its visitor', async () => {
    await page.goto(serverPage());
    const tried = await page.evaluate(
      async ([hub, sibling]) => {
        const outcome = (url: string, options: object): Promise<string> =>
          fetch(url, { credentials: 'include', ...options }).then(
            (answer) => `${answer.type} ${answer.status}`,
            () => 'refused',
          );
        return [
          await outcome(`${hub}/hub/home`, {}),
          await outcome(`${hub}/hub/api/user`, {}),
          await outcome('/hub/home', {}),
          await outcome('/hub/api/user', {}),
          await outcome(`${sibling}/user/guest/`, { method: 'POST', body: 'x' }),
        ];
      },
      [main, own.replace(owner, 'guest')],
    );
    expect(tried).toEqual(['refused', 'refused', 'refused', 'refused', 'refused']);
  });

  test('cookies that a script sets for the whole site lock nobody out of it', async () => {
    await page.goto(serverPage());
    await page.evaluate(() => {
      for (let i = 0; i < 12; i += 1) document.cookie = `bomb${i}=${'x'.repeat(3900)}; path=/; domain=site.example`;
    });
    expect((await page.goto(`${main}/hub/home`))?.status()).toBe(431);
    expect((await page.reload())?.status()).toBe(200);
    expect((await page.goto(serverPage()))?.status()).toBe(200);
    await context.clearCookies({ name: /^bomb/ });
  });

  test('somebody else is brought to the refusal, signed in as who they are, on a page with its styles', async () => {
    const [guests, guest] = await visitor('guest');
    const answer = await guest.goto(serverPage());
    expect(answer?.status()).toBe(403);
    expect(guest.url()).toBe(serverPage());
    const font = await guest.getByRole('heading', { level: 1 }).evaluate((node) => getComputedStyle(node).fontFamily);
    expect(font).not.toContain('Times');
    await guests.close();
  });

  test('a ticket is of use once, and only to the browser it was made for', async () => {
    const cookies = await context.cookies(main);
    const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const proof = createHash('sha256').update('mine').digest('base64url');
    const { host } = new URL(own);
    const ticket = async (next = `/user/${owner}/`): Promise<string> => {
      const query = new URLSearchParams({ to: owner, proof, next });
      const answer = await raw(new URL(main).host, `/hub/visit?${query}`, { cookie });
      return answer.headers.location ?? `status ${answer.status}`;
    };
    const enter = async (location: string, held: string): Promise<number> =>
      (await raw(host, location.slice(own.length), { cookie: `__Host-cylc-gateway-visit=${held}` })).status;
    expect(await enter(await ticket(), 'of another')).toBe(403);
    const good = await ticket();
    expect(good).toMatch(`${own}/hub/enter?ticket=`);
    expect(await enter(good, 'mine')).toBe(302);
    expect(await enter(good, 'mine')).toBe(403);
    for (const next of [
      '//evil.example/',
      '/user/guest/',
      '/hub/home',
      `/user/${owner}/../guest/`,
      'https://evil.example',
    ])
      expect([next, await ticket(next)]).toEqual([next, 'status 400']);
  });

  test('signing out on the gateway ends it on the other origin too', async () => {
    await page.goto(serverPage());
    const closed = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const socket = new WebSocket('subscriptions');
          socket.addEventListener('close', (event) => resolve(event.code));
        }),
    );
    const other = await context.newPage();
    await other.goto(`${main}/hub/home`);
    await other.getByRole('button', { name: /Sign out/ }).click();
    expect(await closed).toBe(4401);
    await page.goto(serverPage());
    expect(page.url()).toMatch(`${main}/hub/login`);
    expect(complaints).toEqual([]);
  });
});
