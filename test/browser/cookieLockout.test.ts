/** A script of a server fills its visitor's cookie jar (S16), in a real browser: the visitor gets out of it by a reload. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../helpers/chromium.ts';
import { endAll, ownerOf, withoutCylc } from '../helpers/firstVisit.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';

describeWith(['chromium'], 'a jar full of cookies', () => {
  let browser: Browser;
  let gateway: GatewayProcess;
  let page: Page;

  beforeAll(async () => {
    [browser, gateway] = await Promise.all([launchChromium(), startGateway({ env: withoutCylc })]);
    page = await (await browser.newContext()).newPage();
    await page.goto(gateway.links().get(ownerOf(gateway)) ?? '');
    await page.getByRole('button', { name: /Sign in as/ }).click();
    await page.waitForURL('**/hub/home');
  });
  afterAll(async () => {
    await browser.close();
    await endAll(gateway);
  });

  /** What a script of a server's page can do: it has the origin of the gateway's own pages. */
  const fill = (path: string, prefix = 'bomb'): Promise<number> =>
    page.evaluate(
      ([at, name]) => {
        for (let i = 0; i < 12; i += 1) document.cookie = `${name}${i}=${'x'.repeat(3900)}; path=${at}`;
        // To read is to wait until they have been taken
        return document.cookie.length;
      },
      [path, prefix],
    );

  test.each(['/', '/hub', '/hub/home'])('set for %s: told once, then in again, still signed in', async (path) => {
    await page.goto(`${gateway.origin}/hub/home`);
    await fill(path);
    const refused = await page.goto(`${gateway.origin}/hub/home`);
    expect(refused?.status()).toBe(431);
    expect(await page.textContent('main')).toContain('cookies of this site');
    const again = await page.reload();
    expect(again?.status()).toBe(200);
    expect(page.url()).toBe(`${gateway.origin}/hub/home`);
    await page.context().clearCookies({ name: /^bomb/ });
  });

  test('called like those of a sign-in under way: these go too, and the visitor stays signed in', async () => {
    await page.goto(`${gateway.origin}/hub/home`);
    await fill('/', 'cylc-gateway-login-');
    expect((await page.goto(`${gateway.origin}/hub/home`))?.status()).toBe(431);
    expect((await page.reload())?.status()).toBe(200);
    expect(page.url()).toBe(`${gateway.origin}/hub/home`);
  });

  test('without a name, one for each path', async () => {
    const address = `${gateway.origin}/hub/user/x/a/b`;
    await page.goto(`${gateway.origin}/hub/home`);
    await page.evaluate(() => {
      const folders = '/hub/user/x/a/b'.split('/').map((_, at, all) => all.slice(0, at + 1).join('/'));
      for (const at of folders.flatMap((folder) => [folder, `${folder}/`]))
        document.cookie = `=${'x'.repeat(3900)}; path=${at}`;
      return document.cookie.length;
    });
    expect((await page.goto(address))?.status()).toBe(431);
    expect((await page.reload())?.status()).not.toBe(431);
  });

  test('set for servers alone: an upgrade is refused, and the page of the server comes back', async () => {
    await page.goto(`${gateway.origin}/hub/home`);
    await fill(`/user/${ownerOf(gateway)}/`);
    const address = `${gateway.origin}/user/${ownerOf(gateway)}/`;
    expect((await page.goto(address))?.status()).toBe(431);
    expect((await page.reload())?.status()).not.toBe(431);
  });
});
