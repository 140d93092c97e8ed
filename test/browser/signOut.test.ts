/** Whoever comes next at a browser after a sign-out is not let in, by any tab or button of it. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '../helpers/browsers.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { dataFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';

const password = 'right horse, wrong battery';

describeWith(['root', 'pam', 'chromium', 'firefox'], 'signing out, with passwords', () => {
  const service = `cgw-test-${randomBytes(4).toString('hex')}`;
  const account = makeSystemAccount();
  let gateway: GatewayProcess;
  beforeAll(async () => {
    execFileSync('chpasswd', { input: `${account.name}:${password}` });
    writeFileSync(`/etc/pam.d/${service}`, '@include common-auth\n@include common-account\n');
    const dataDir = dataFolder('out');
    const config = join(dataDir, 'gateway.yaml');
    writeFileSync(config, `identity:\n  pam: { service: ${service} }\n`);
    gateway = await startGateway({ dataDir, args: ['--config', config] });
  });
  afterAll(async () => {
    await gateway.end();
    rmSync(`/etc/pam.d/${service}`, { force: true });
    account.remove();
  });

  const asksForPassword = (page: Page): Promise<boolean> =>
    page.evaluate(() => document.querySelector('input[type=password]') !== null);

  test.each(['chromium', 'firefox'] as const)('%s', async (name) => {
    const browser = await launchBrowser(name);
    onTestFinished(() => browser.close());
    const page = await browser.newPage();
    await page.goto(`${gateway.origin}/hub/home`);
    await page.type('input[name=name]', account.name);
    await page.type('input[type=password]', password);
    await Promise.all([page.waitForNavigation(), page.click('main button[type=submit]')]);
    await page.waitForFunction(() => location.pathname === '/hub/home');
    const other = await browser.newPage();
    await other.goto(`${gateway.origin}/hub/sessions`);
    await page.bringToFront();
    await Promise.all([page.waitForNavigation(), page.click('header form button')]);

    for (const tab of [page, other, await browser.newPage()])
      for (const path of ['home', 'login', 'token']) {
        await tab.goto(`${gateway.origin}/hub/${path}`);
        expect(await asksForPassword(tab), path).toBe(true);
      }
    await other.goBack();
    expect(await other.evaluate(() => document.body.textContent)).not.toContain('Sign out');
  });
});
