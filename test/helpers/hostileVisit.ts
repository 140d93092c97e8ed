import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { launchBrowser } from './browsers.ts';
import type { BrowserName } from './browsers.ts';
import { certificateAuthority } from './certificates.ts';
import { endAll, ownerOf, withoutCylc } from './firstVisit.ts';
import { freePort, startGateway } from './gateway.ts';
import type { GatewayProcess } from './gateway.ts';
import { takeOver } from './hostileServer.ts';
import type { HostileServer } from './hostileServer.ts';
import { shortFolder } from './shortFolder.ts';

/** A visitor in a real browser who is signed in, before a server that has turned against them. */
export interface HostileVisit {
  browser: Browser;
  page: Page;
  gateway: GatewayProcess;
  hostile: HostileServer;
  owner: string;
  /** Origin of the gateway's own pages. */
  main: string;
  /** Address of the server, with a slash behind. */
  server: string;
  close(): Promise<void>;
}

export async function openHostileVisit(
  name: BrowserName,
  options: { userDomain?: boolean; port?: number } = {},
): Promise<HostileVisit> {
  await using parts = new AsyncDisposableStack();
  const [dir, runtimeDir] = [mkdtempSync(join(tmpdir(), 'hostile-')), shortFolder('hv')];
  parts.defer(() => [dir, runtimeDir].forEach((folder) => rmSync(folder, { recursive: true })));
  const port = options.port ?? (await freePort());
  const apart = options.userDomain === true;
  const main = apart ? `https://site.example:${port}` : `http://localhost:${port}`;
  const args = ['--set', `runtimeDir=${runtimeDir}`, ...(apart ? userDomainArgs(dir, main) : [])];
  const gateway = await startGateway({ port, env: withoutCylc, args });
  parts.defer(() => endAll(gateway));
  const owner = ownerOf(gateway);
  const browser = await launchBrowser(name, ['site.example', `${owner}.site.example`]);
  parts.defer(() => browser.close());
  const page = await browser.newPage();
  await signIn(page, gateway.links().get(owner) ?? '');
  await page.goto(`${main}/hub/spawn`);
  await Promise.all([page.waitForNavigation(), page.click('main form button[type=submit]')]);
  const server = `${apart ? main.replace('site.', `${owner}.site.`) : main}/user/${owner}/`;
  await page.waitForFunction((start) => location.href.startsWith(start), { timeout: 60_000 }, server);
  await page.goto('about:blank');
  const hostile = await takeOver(runtimeDir);
  parts.defer(() => hostile.close());
  const open = parts.move();
  return { browser, page, gateway, hostile, owner, main, server, close: () => open.disposeAsync() };
}

export async function signIn(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await Promise.all([page.waitForNavigation(), page.click('main form button')]);
  await page.waitForFunction(() => location.pathname === '/hub/home');
}

function userDomainArgs(dir: string, main: string): string[] {
  const { cert, key } = certificateAuthority(dir).issue('site', 'DNS:site.example,DNS:*.site.example');
  const settings = [`listen.tls.cert=${cert}`, `listen.tls.key=${key}`, 'userDomain=site.example'];
  return ['--public-url', main, ...settings.flatMap((setting) => ['--set', setting])];
}
