/** A server cannot take over its origin, or even itself, by a service worker; one that did so before is got rid of. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'puppeteer-core';
import { expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '../helpers/browsers.ts';
import { endAll, withoutCylc } from '../helpers/firstVisit.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import { page as htmlPage } from '../helpers/hostileServer.ts';
import { openHostileVisit } from '../helpers/hostileVisit.ts';
import { describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';

/** Answers for every address of its scope. */
const worker = `addEventListener('install', () => skipWaiting());
addEventListener('activate', (event) => event.waitUntil(clients.claim()));
addEventListener('fetch', (event) => event.respondWith(
  new Response('<!doctype html><title>taken</title>', { headers: { 'content-type': 'text/html' } })));`;

function script(response: ServerResponse, allowed: string): void {
  response.writeHead(200, { 'content-type': 'text/javascript', 'service-worker-allowed': allowed }).end(worker);
}

/** Registers `sw.js` of the page's folder for that scope; what came of it, once no worker is being installed any more. */
function register(page: Page, scope: string, type: 'classic' | 'module' = 'classic'): Promise<string> {
  return page.evaluate(
    (...[wanted, kind]) =>
      navigator.serviceWorker
        .register(`sw.js?${wanted}${kind}`, { scope: wanted, type: kind, updateViaCache: 'all' })
        .then(
          () => 'registered',
          (error: Error) => error.name,
        ),
    ...([scope, type] as const),
  );
}

const registrations = (page: Page): Promise<number> =>
  page.evaluate(() => navigator.serviceWorker.getRegistrations().then(({ length }) => length));

describeWith(['chromium', 'firefox'], 'service workers', () => {
  for (const name of ['chromium', 'firefox'] as const) {
    test.each([{ userDomain: false }, { userDomain: true }])(`none stays in ${name}: %o`, async ({ userDomain }) => {
      const visit = await openHostileVisit(name, { userDomain });
      onTestFinished(() => visit.close());
      const { page, hostile, server } = visit;
      hostile.answer = (request, response) => {
        if (request.url?.includes('sw.js') === true) script(response, '/user/x/../../');
        else htmlPage(response, '<h1>lured</h1>');
      };
      await page.goto(`${server}deep/page`);
      const { pathname } = new URL(server);
      for (const scope of ['/', '/hub/', '/user/', pathname, `${pathname}deep/`, `${pathname}../../`]) {
        await register(page, scope);
        await register(page, scope, 'module');
      }
      await until(async () => (await registrations(page)) === 0);
      await page.reload();
      expect(await page.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
      expect(await page.title()).toBe('hostile');
      await page.goto(`${visit.main}/hub/home`);
      expect(await page.title()).not.toBe('taken');
    });

    test(`${name} loses one that was registered for the whole site before`, async () => {
      const port = await freePort();
      const before = createServer((request, response) => {
        if (request.url?.includes('sw.js') === true) script(response, '/user/alice/../../');
        else htmlPage(response, '');
      }).listen(port, 'localhost');
      await once(before, 'listening');
      const browser = await launchBrowser(name);
      onTestFinished(() => browser.close());
      const page = await browser.newPage();
      await page.goto(`http://localhost:${port}/user/alice/`);
      expect(await register(page, '/')).toBe('registered');
      await page.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
      before.close();
      before.closeAllConnections();

      const gateway = await startGateway({ port, env: withoutCylc });
      onTestFinished(() => endAll(gateway));
      await page.goto(`${gateway.origin}/hub/login`);
      expect(await page.title(), 'it answers for our pages').toBe('taken');
      await until(async () => {
        // Chromium looks for an update a second after a load, and not while there are more of them
        await sleep(2500);
        await page.goto(`${gateway.origin}/hub/login`);
        return (await page.title()) !== 'taken';
      }, 60_000);
      await until(async () => (await registrations(page)) === 0);
    });
  }
});
