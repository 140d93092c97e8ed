import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchChromium } from '../helpers/chromium.ts';
import { endAll, ownerOf, withoutCylc } from '../helpers/firstVisit.ts';
import { forwardTo } from '../helpers/forward.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';

/** A first run reached by another name of this machine, or through a forwarded port. */
describeWith(['chromium'], 'a sign-in link that is opened', () => {
  let browser: Browser;
  let gateway: GatewayProcess;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    gateway = await startGateway({ env: withoutCylc });
  });
  afterEach(() => endAll(gateway));

  test.each([
    ['at 127.0.0.1', () => Promise.resolve({ at: `127.0.0.1:${new URL(gateway.origin).port}`, close: () => {} })],
    [
      'through a forwarded port',
      async () => {
        const forward = await forwardTo(Number(new URL(gateway.origin).port));
        return { at: `localhost:${forward.port}`, close: () => forward.close() };
      },
    ],
  ])('%s signs in, starts a server and opens it', async (_, open) => {
    const { at, close } = await open();
    const context = await browser.newContext();
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (/content security policy|refused to/i.test(message.text())) complaints.push(message.text());
    });
    const name = ownerOf(gateway);
    const link = new URL(gateway.links().get(name) ?? '');
    await page.goto(`http://${at}${link.pathname}${link.search}`);
    await page.getByRole('button', { name: /Sign in as/ }).click();
    await page.waitForURL(`http://${at}/hub/home`);
    await page.getByRole('link', { name: 'Start', exact: true }).click();
    await page.getByRole('button', { name: 'Start' }).click();
    await page.waitForURL(`http://${at}/user/${name}/**`);
    await page
      .getByText(/stand-in/i)
      .first()
      .waitFor();
    expect(complaints).toEqual([]);
    await context.close();
    close();
  });
});
