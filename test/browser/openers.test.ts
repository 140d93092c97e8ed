/** A page of a server has no hold on ours: neither by opening one, nor by being opened from one. */
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { page as htmlPage } from '../helpers/hostileServer.ts';
import { openHostileVisit } from '../helpers/hostileVisit.ts';
import type { HostileVisit } from '../helpers/hostileVisit.ts';
import { describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';

/** What would keep a page of ours with its opener, were it let through. */
const policies: Record<string, string>[] = [
  {},
  { 'cross-origin-opener-policy': 'same-origin' },
  { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' },
  { 'cross-origin-opener-policy': 'noopener-allow-popups' },
];

/** Answers of every kind: pages with forms, files, API, refusals, redirects, the sign-in, its provider's errors. */
const addresses = [
  'hub/home',
  'hub/token',
  'hub/login',
  'hub/nothing',
  'hub/api/user',
  'hub/api/oauth2/authorize?client_id=x',
  'hub/oidc/auth?client_id=x',
  'hub/oidc/interaction/x',
  'hub/logo',
  'user/nobody/',
  'services/nothing/',
  'nothing',
];

describeWith(['chromium', 'firefox'], 'openers', () => {
  describe.each([
    { name: 'chromium', userDomain: false },
    { name: 'chromium', userDomain: true },
    { name: 'firefox', userDomain: false },
    { name: 'firefox', userDomain: true },
  ] as const)('%o', ({ name, userDomain }) => {
    let visit: HostileVisit;
    let policy: Record<string, string> = {};
    beforeAll(async () => {
      visit = await openHostileVisit(name, { userDomain });
      visit.hostile.answer = (request, response) => {
        const { pathname } = new URL(request.url ?? '', 'http://any');
        if (pathname.endsWith('/redirect'))
          response.writeHead(302, { ...policy, location: `${visit.main}/hub/token` }).end();
        else htmlPage(response, '', policy);
      };
    });
    afterAll(() => visit.close());

    /** Opens the address from the hostile page, waits until it is there, and tells what the opener can see of it. */
    async function seenOf(url: string, opened: 'window' | 'blank first'): Promise<string> {
      const { browser, page } = visit;
      const before = new Set(await browser.pages());
      await page.evaluate(
        (address, blank) => {
          const popup = window.open(blank ? '' : address, 'popup');
          Object.assign(globalThis, { popup });
          if (blank && popup !== null) popup.location.href = address;
        },
        url,
        opened === 'blank first',
      );
      const popup = await until(async () => (await browser.pages()).find((one) => !before.has(one)));
      await until(
        () => isLoaded(popup, url),
        60_000,
        () => popup.url(),
      );
      // Cut a moment after the page is there: until then, it is as of another origin
      const seen = await until(async () => {
        const now = await look();
        return now === 'another origin' ? undefined : now;
      }, 30_000);
      const back = await popup.evaluate(() => window.opener === null);
      await popup.close();
      return `${seen}${back ? '' : ', and is its opener'}`;
    }

    /** What the page has of the window that it opened. */
    function look(): Promise<string> {
      return visit.page.evaluate(() => {
        const { popup } = globalThis as unknown as { popup: Window };
        try {
          return popup.closed ? 'cut' : `read ${popup.document.documentElement.outerHTML.slice(0, 100)}`;
        } catch {
          return 'another origin';
        }
      });
    }

    /** The final address may be another than was asked for. */
    async function isLoaded(popup: Page, asked: string): Promise<boolean> {
      if (!/^https?:/.test(popup.url())) return false;
      const state = await popup.evaluate(() => document.readyState).catch(() => '');
      return state === 'complete' && (popup.url() !== asked || !asked.includes('/redirect'));
    }

    test.each(policies)('with %o on the page of the server', async (headers) => {
      policy = headers;
      await visit.page.goto(`${visit.server}lure`);
      for (const address of addresses)
        expect([address, await seenOf(`${visit.main}/${address}`, 'window')]).toEqual([address, 'cut']);
      expect(await seenOf(`${visit.main}/hub/token`, 'blank first')).toBe('cut');
      expect(await seenOf(`${visit.server}redirect`, 'window')).toBe('cut');
    });

    test('a link of ours to a server, in a new window too, gives it no opener', async () => {
      const { browser, page, main } = visit;
      await page.goto(`${main}/hub/home`);
      const before = new Set(await browser.pages());
      await page.evaluate(() => {
        const link = [...document.querySelectorAll('a')].find(({ pathname }) => pathname.startsWith('/user/'));
        if (link === undefined) throw new Error('no link to the server');
        link.target = 'another';
        link.click();
      });
      const opened = await until(async () => (await browser.pages()).find((one) => !before.has(one)));
      await until(async () => (await opened.title().catch(() => '')) === 'hostile');
      expect(await opened.evaluate(() => window.opener === null)).toBe(true);
      await opened.close();
    });
  });
});
