import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { page as htmlPage } from '../helpers/hostileServer.ts';
import { openHostileVisit } from '../helpers/hostileVisit.ts';
import type { HostileVisit } from '../helpers/hostileVisit.ts';
import { describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';

const places = [
  { name: 'chromium', userDomain: false },
  { name: 'chromium', userDomain: true },
  { name: 'firefox', userDomain: false },
] as const;

/** Browsers keep some 180 cookies for a registrable domain and all below it, and drop the others: docs/browser-boundaries.md. */
describeWith(['chromium', 'firefox'], 'a hostile page that fills the jar of cookies', () => {
  describe.each(places)('%o', ({ name, userDomain }) => {
    let visit: HostileVisit;
    beforeAll(async () => {
      visit = await openHostileVisit(name, { userDomain });
      visit.hostile.answer = (_, response) => htmlPage(response, '<p>lure</p>');
    });
    afterAll(() => visit.close());

    test('cannot be kept from signing its visitor out, and gains nothing else by it', async () => {
      const { page, main, server } = visit;
      await page.goto(`${server}lure`);
      await page.evaluate(() => {
        for (const domain of ['', '; domain=site.example'])
          for (let i = 0; i < 400; i += 1) document.cookie = `bulk${i}=1; path=/; secure${domain}`;
        document.cookie = '__Host-cylc-gateway=forged; path=/; secure';
        document.cookie = 'cylc-gateway=forged; path=/; domain=site.example';
      });
      await until(async () => {
        await page.goto(`${main}/hub/home`);
        return page.evaluate(() => location.pathname === '/hub/login' && document.querySelector('form.me') === null);
      });
      expect(await page.evaluate(() => document.body.textContent)).toContain('Sign in');
    });
  });
});
