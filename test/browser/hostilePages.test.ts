/**
 * What a page of a server can do to the gateway's pages and to its visitor (docs/browser-boundaries.md has the list; workers
 * and openers have tests of their own). `cannot` marks what only an origin of its own holds: there the test says so.
 */
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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

describeWith(['chromium', 'firefox'], 'a hostile page', () => {
  describe.each(places)('%o', ({ name, userDomain }) => {
    // Driven by WebDriver BiDi, Firefox answers nothing more once it has refused a frame: held in Chromium alone.
    const framesEnd = name === 'chromium';
    let visit: HostileVisit;
    let page: Page;
    let headers: Record<string, string> = {};
    const referers: string[] = [];
    beforeAll(async () => {
      visit = await openHostileVisit(name, { userDomain });
      ({ page } = visit);
      visit.hostile.answer = (request, response) => {
        if (request.headers.referer !== undefined) referers.push(request.headers.referer);
        htmlPage(response, '<p>lure</p>', headers);
      };
    });
    afterAll(() => visit.close());
    beforeEach(async () => {
      headers = {};
      await page.goto(`${visit.server}lure`);
    });

    /** Whether the visitor still gets their home page. */
    async function isSignedIn(): Promise<boolean> {
      await page.goto(`${visit.main}/hub/home`);
      return page.evaluate(() => location.pathname === '/hub/home' && document.querySelector('form.me') !== null);
    }

    test('reads none of our pages by a script', async () => {
      const got = await page.evaluate(async (main) => {
        const texts: string[] = [];
        for (const path of ['home', 'token', 'log/x', 'login', 'api/user', 'api/oauth2/authorize?client_id=x'])
          for (const mode of ['cors', 'same-origin', 'no-cors'] as const)
            texts.push(
              await fetch(`${main}/hub/${path}`, {
                mode,
                credentials: 'include',
                headers: { accept: 'text/html' },
              }).then(
                async (answer) => answer.text(),
                () => '',
              ),
            );
        return texts.join('\n');
      }, visit.main);
      expect(got).not.toMatch(/_csrf|_xsrf|data-token|"admin"/);
    });

    const testOfFrames = framesEnd ? test : () => undefined;
    testOfFrames('frames none of them', async () => {
      const seen = await page.evaluate(async (main) => {
        const found: string[] = [];
        for (const kind of ['iframe', 'embed', 'object'] as const) {
          const frame = document.createElement(kind);
          frame.setAttribute(kind === 'object' ? 'data' : 'src', `${main}/hub/home`);
          await new Promise((resolve) => {
            frame.addEventListener('load', resolve);
            frame.addEventListener('error', resolve);
            setTimeout(resolve, 3000);
            document.body.append(frame);
          });
          try {
            const { contentDocument } = frame as HTMLIFrameElement;
            found.push(contentDocument?.documentElement.outerHTML ?? '');
          } catch {
            found.push('');
          }
        }
        return found.join('\n');
      }, visit.main);
      expect(seen).not.toMatch(/_csrf|Sign out/);
    });

    test('sends none of our forms, and calls no API', async () => {
      const statuses = await page.evaluate(
        async (main, owner) => {
          const send = (path: string, init: RequestInit): Promise<number> =>
            fetch(`${main}/hub/${path}`, { method: 'POST', credentials: 'include', ...init }).then(
              ({ status }) => status,
              () => 0,
            );
          navigator.sendBeacon(`${main}/hub/stop`, new URLSearchParams({ owner }));
          return [
            await send('stop', { body: new URLSearchParams({ owner }) }),
            await send('token', { body: new URLSearchParams({ note: 'x' }) }),
            await send('logout', {}),
            await send(`api/users/${owner}/tokens`, { body: '{}' }),
          ];
        },
        visit.main,
        visit.owner,
      );
      for (const status of statuses) expect([0, 401, 403, 421]).toContain(status);
      await page.evaluate(
        (main, owner) => {
          const form = document.createElement('form');
          Object.assign(form, { method: 'post', action: `${main}/hub/stop`, id: 'forged' });
          form.innerHTML = `<input name=owner value="${owner}"><input name=_csrf value=x>`;
          document.body.append(form);
        },
        visit.main,
        visit.owner,
      );
      await Promise.all([
        page.waitForNavigation(),
        page.evaluate(() => (document.querySelector('#forged') as HTMLFormElement).submit()),
      ]);
      expect(await page.evaluate(() => document.body.textContent)).toMatch(/out of date|Not allowed/);
      await page.goto(`${visit.server}lure`);
      expect(await page.title(), 'the server still runs').toBe('hostile');
    });

    test('opens no WebSocket to our pages', async () => {
      const outcome = await page.evaluate(
        (main) =>
          new Promise((resolve) => {
            const socket = new WebSocket(`${main.replace('http', 'ws')}/hub/home`);
            socket.addEventListener('open', () => resolve('open'));
            socket.addEventListener('error', () => resolve('refused'));
          }),
        visit.main,
      );
      expect(outcome).toBe('refused');
    });

    test('sees no cookie of ours and changes none, by script or header', async () => {
      headers = { 'set-cookie': '__Host-cylc-gateway=x; Secure; Path=/' };
      await page.goto(`${visit.server}lure`);
      const seen = await page.evaluate(() => {
        for (const cookie of ['cylc-gateway=x; Path=/', '__Host-cylc-gateway=x; Path=/; Secure'])
          document.cookie = cookie;
        return document.cookie;
      });
      expect(seen.replace(/(?:__Host-)?cylc-gateway=x/g, '')).not.toMatch(/cylc-gateway/);
      expect(await isSignedIn()).toBe(true);
    });

    test('clears nothing of the site', async () => {
      await page.evaluate(() => localStorage.setItem('kept', '1'));
      headers = { 'clear-site-data': '"*"' };
      await page.goto(`${visit.server}lure`);
      expect(await page.evaluate(() => localStorage.getItem('kept'))).toBe('1');
      expect(await isSignedIn()).toBe(true);
    });

    test('signs nobody out by what loads by itself', async () => {
      await page.evaluate(
        async (main, frames) => {
          for (const [tag, name, more] of [
            ['img', 'src', {}],
            ...(frames ? ([['iframe', 'src', {}]] as const) : []),
            ['script', 'src', {}],
            ['link', 'href', { rel: 'prefetch' }],
            ['link', 'href', { rel: 'preload', as: 'fetch' }],
            ['link', 'href', { rel: 'stylesheet' }],
          ] as const) {
            const element = document.createElement(tag);
            Object.assign(element, more);
            element.setAttribute(name, `${main}/hub/logout`);
            document.body.append(element);
          }
          const rules = document.createElement('script');
          rules.type = 'speculationrules';
          rules.textContent = JSON.stringify({ prefetch: [{ urls: [`${main}/hub/logout`] }] });
          document.head.append(rules);
          await fetch(`${main}/hub/logout`, { credentials: 'include' }).catch(() => undefined);
        },
        visit.main,
        framesEnd,
      );
      expect(await isSignedIn()).toBe(true);
    });

    test('joins no origin of a sibling by document.domain', async () => {
      headers = { 'origin-agent-cluster': '?0' };
      await page.goto(`${visit.server}lure`);
      await page.evaluate(() => {
        try {
          document.domain = 'site.example';
        } catch {
          // Not a suffix of this host, or not to be changed at all
        }
      });
      await page.goto(`${visit.main}/hub/home`);
      const host = await page.evaluate(() => {
        try {
          document.domain = location.hostname;
        } catch {
          // As it should be
        }
        return (globalThis as { originAgentCluster?: boolean }).originAgentCluster;
      });
      expect(host).not.toBe(false);
    });

    test('spoils no cached file of ours, and finds no cached page', async () => {
      await page.goto(`${visit.main}/hub/home`);
      const style = await page.evaluate(() => document.querySelector<HTMLLinkElement>('link[rel=stylesheet]')!.href);
      await page.goto(`${visit.server}lure`);
      const cached = await page.evaluate(
        async (file, main) => {
          for (const init of [{ headers: { range: 'bytes=0-1' } }, { headers: { accept: 'x/y' } }, { method: 'HEAD' }])
            await fetch(file, { ...init, cache: 'reload' }).catch(() => undefined);
          return fetch(`${main}/hub/home`, { cache: 'only-if-cached', mode: 'same-origin' }).then(
            ({ status }) => status,
            () => 0,
          );
        },
        style,
        visit.main,
      );
      expect([0, 403, 504]).toContain(cached);
      await page.goto(`${visit.main}/hub/home`);
      expect(await page.evaluate(() => getComputedStyle(document.body).fontFamily)).not.toContain('Times');
    });

    test('learns no share code from the addresses of its tab', async () => {
      await page.goto(`${visit.main}/hub/accept-share?code=cgw_secret`);
      await page.goto(`${visit.server}lure`);
      const addresses = await page.evaluate(() => {
        const { navigation } = globalThis as unknown as { navigation?: { entries(): { url: string }[] } };
        return navigation?.entries().map(({ url }) => url);
      });
      expect(JSON.stringify(addresses ?? [])).not.toContain('cgw_secret');
    });

    test('learns no address of ours from the referrer', async () => {
      await page.goto(`${visit.main}/hub/home?secret=1`);
      referers.length = 0;
      await Promise.all([
        page.waitForNavigation(),
        page.evaluate(() =>
          [...document.querySelectorAll('a')].find(({ pathname }) => pathname.startsWith('/user/'))!.click(),
        ),
      ]);
      await until(async () => (await page.title().catch(() => '')) === 'hostile');
      expect(referers.join()).not.toMatch(/hub|secret/);
      expect(await page.evaluate(() => document.referrer)).not.toMatch(/hub|secret/);
    });

    const held = name === 'chromium' && !userDomain;
    test(
      held
        ? 'uses no camera, location or passkey in the site’s name'
        : 'may ask for the camera in its own name, or cannot be kept from it',
      async () => {
        // Of a list with one malformed part, browsers take nothing at all
        for (const more of ['', ', x="']) {
          headers = { 'permissions-policy': `camera=*, publickey-credentials-get=*, geolocation=*${more}` };
          await page.goto(`${visit.server}lure`);
          const allowed = await page.evaluate(() => {
            const { featurePolicy } = document as unknown as {
              featurePolicy?: { allowsFeature(name: string): boolean };
            };
            return ['camera', 'geolocation', 'publickey-credentials-get'].filter(
              (feature) => featurePolicy?.allowsFeature(feature) !== false,
            );
          });
          expect(allowed.length).toBe(held ? 0 : 3);
        }
      },
    );

    test(
      userDomain ? 'shows no address of ours as its own' : 'cannot be kept from showing the address of our sign-in',
      async () => {
        const shown = await page.evaluate((main) => {
          try {
            history.pushState({}, '', `${main}/hub/login`);
          } catch {
            // Another origin
          }
          return location.href;
        }, visit.main);
        expect(shown === `${visit.main}/hub/login`).toBe(!userDomain);
      },
    );

    test('leads its visitor to the sign-out, which cannot be held: it is a link like another', async () => {
      await Promise.all([
        page.waitForNavigation(),
        page.evaluate((main) => location.assign(`${main}/hub/logout`), visit.main),
      ]);
      const signedOut = await page.evaluate(() => document.body.textContent?.includes('signed out'));
      // From another origin of the site, the visitor is asked first
      expect(signedOut).toBe(!userDomain);
    });
  });
});
