import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { axeFaults, launchChromium, shoot } from '../helpers/chromium.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';

describeWith(['chromium'], 'share links, in a real browser', () => {
  let browser: Browser;
  let gateway: GatewayProcess;
  let me: string;
  let guest: string;
  let contexts: BrowserContext[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    gateway = await startGateway({ env: { PATH: '/usr/bin:/bin' } });
    [me = '', guest = ''] = gateway.links().keys();
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    await gateway.end();
  });

  async function newContext(options?: Parameters<Browser['newContext']>[0]): Promise<BrowserContext> {
    const context = await browser.newContext(options);
    contexts.push(context);
    return context;
  }

  async function signIn(context: BrowserContext, account: string): Promise<Page> {
    const page = await context.newPage();
    await page.goto(gateway.links().get(account) ?? '');
    await page.getByRole('button', { name: /Sign in as/ }).click();
    await page.waitForURL('**/hub/home');
    return page;
  }

  const openShare = (page: Page): Promise<unknown> => page.goto(`${gateway.origin}/hub/share/${me}`);
  const shownLink = async (page: Page): Promise<string> => (await page.locator('.secret').textContent()) ?? '';

  test('made and copied by the owner, accepted by a stranger who first signs in, revoked', async () => {
    const context = await newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await signIn(context, me);
    await page.getByRole('link', { name: 'Start', exact: true }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('heading', { name: `Server of ${me}` }).waitFor();

    await openShare(page);
    await page.getByLabel('Who accepts it may').selectOption('control');
    await page.getByLabel('It can be accepted for').selectOption('1h');
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.getByRole('button', { name: 'Copy the link' }).click();
    await page.getByRole('status').filter({ hasText: 'Copied.' }).waitFor();
    const link = await shownLink(page);
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(link);
    expect(await axeFaults(page)).toEqual([]);
    await shoot(page, 'run-share-link');

    const elsewhere = await newContext();
    const theirs = await elsewhere.newPage();
    await theirs.goto(link);
    await theirs.getByRole('heading', { name: 'Sign in' }).waitFor();
    await signIn(elsewhere, guest);
    await theirs.reload();
    await theirs.getByText('You may look and act').waitFor();
    await theirs.getByRole('button', { name: 'Accept' }).click();
    await theirs.getByRole('heading', { name: `Server of ${me}` }).waitFor();

    await openShare(page);
    await page.getByText('accepted once').waitFor();
    await page.getByRole('button', { name: /^Revoke the link made/ }).click();
    await page.getByRole('region', { name: 'Share links' }).getByText('None.').waitFor();
    await theirs.goto(link);
    await theirs.getByText('This share link is not known, or has ended.').waitFor();
    await theirs.goto(`${gateway.origin}/user/${me}/`);
    await theirs.getByRole('heading', { name: `Server of ${me}` }).waitFor();
    await page.getByRole('button', { name: `Take back from ${guest}` }).click();
    await page.getByText('Nobody: only you can open it.').waitFor();
    expect((await theirs.goto(`${gateway.origin}/user/${me}/`))?.status()).toBe(403);
  });

  test('without JavaScript: the link is there to be selected, by one click', async () => {
    const page = await signIn(await newContext({ javaScriptEnabled: false }), me);
    await openShare(page);
    await page.getByRole('button', { name: 'Make a link' }).click();
    expect(await shownLink(page)).toMatch(`${gateway.origin}/hub/accept-share?code=`);
    expect(await page.getByRole('button', { name: 'Copy the link' }).count()).toBe(0);
    await page.locator('.secret').click();
    expect(await page.locator('.secret').evaluate((shown) => getComputedStyle(shown).userSelect)).toBe('all');
    await page.getByRole('button', { name: /^Revoke the link made/ }).click();
    await page.getByRole('region', { name: 'Share links' }).getByText('None.').waitFor();
  });
});
