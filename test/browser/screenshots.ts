import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../helpers/chromium.ts';
import { endAll, ownerOf, withoutCylc } from '../helpers/firstVisit.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { startIssuer } from '../helpers/issuer.ts';

/**
 * `npm run screenshots -- FOLDER`: every page of the real program as people see it, light and dark, wide and
 * phone-narrow, for looking at after a change of the pages. Four pictures a page: NAME-light-1280.png and so on.
 */
const folder = resolve(process.argv[2] ?? 'screenshots');
mkdirSync(folder, { recursive: true });
const work = mkdtempSync(join(tmpdir(), 'shots-'));
chmodSync(work, 0o755);

async function shoot(page: Page, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 800 });
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      const scrolls = await page.evaluate(() => document.documentElement.scrollWidth);
      if (scrolls > width) console.log(`${name}: ${scrolls} px wide at ${width}`);
    }
  console.log(name);
}

/** Signed in by a printed link, on the home page. */
async function signIn(browser: Browser, gateway: GatewayProcess, account: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(gateway.links().get(account) ?? '');
  await page.getByRole('button', { name: /Sign in as/ }).click();
  await page.waitForURL('**/hub/home');
  return page;
}

/** The first run: no configuration, no Cylc. */
async function firstRun(browser: Browser): Promise<void> {
  const services = '[{ name: docs, title: Documentation of the site, kind: external, url: http://127.0.0.1:9/ }]';
  const gateway = await startGateway({ env: { ...withoutCylc, CYLC_GATEWAY_SERVICES: services } });
  const me = ownerOf(gateway);
  const open = (page: Page, path: string): Promise<unknown> => page.goto(gateway.origin + path);
  try {
    const stranger = await (await browser.newContext()).newPage();
    await open(stranger, '/hub/home');
    await shoot(stranger, 'signed-out');
    await stranger.goto(gateway.links().get(me) ?? '');
    await shoot(stranger, 'link');
    await stranger.getByRole('button', { name: /Sign in as/ }).click();
    await stranger.waitForURL('**/hub/home');
    const page = stranger;
    await shoot(page, 'home-stopped');
    const late = await (await browser.newContext()).newPage();
    await late.goto(gateway.links().get(me) ?? '');
    await shoot(late, 'link-used');

    await open(page, '/hub/spawn');
    await shoot(page, 'spawn');
    await page.getByLabel('Workflow', { exact: true }).fill('no such name!');
    await page.getByRole('button', { name: 'Start' }).click();
    await shoot(page, 'spawn-faults');
    await open(page, `/user/${me}/`);
    await shoot(page, 'not-running');
    await open(page, '/hub/spawn');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('heading', { name: /^Server of/ }).waitFor();
    await shoot(page, 'stand-in');
    await open(page, '/hub/home');
    await shoot(page, 'home-ready');
    await open(page, `/hub/log/${me}`);
    await shoot(page, 'log');
    await open(page, `/hub/share/${me}`);
    await shoot(page, 'share');
    await page.getByLabel('Name', { exact: true }).fill('guest');
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    await shoot(page, 'share-made');
    await open(page, '/hub/token');
    await page.getByLabel('What is it for?').fill('the nightly script');
    await shoot(page, 'token');
    await page.getByRole('button', { name: 'Make it' }).click();
    await shoot(page, 'token-made');
    for (const path of ['sessions', 'api-docs', 'no-such-page']) {
      await open(page, `/hub/${path}`);
      await shoot(page, path === 'no-such-page' ? 'error-404' : path);
    }
    await open(page, '/services/docs/');
    await shoot(page, 'error-502-service');

    const guest = await signIn(browser, gateway, 'guest');
    await shoot(guest, 'home-guest');
    await open(guest, `/user/${me}/`);
    await shoot(guest, 'confirm');
    await open(guest, '/hub/admin');
    await shoot(guest, 'error-403');
    await guest.goto(`${gateway.origin}/hub/home`);
    await guest.getByRole('button', { name: 'Sign out' }).click();
    await shoot(guest, 'sign-out');

    process.kill(pidOf(gateway, `${me}/`), 'SIGKILL');
    await open(page, `/user/${me}/`);
    await shoot(page, 'error-502-server');
  } finally {
    await endAll(gateway);
  }
}

function pidOf(gateway: GatewayProcess, server: string): number {
  const text = readFileSync(join(gateway.dataDir, 'state.json'), 'utf8');
  const { servers } = JSON.parse(text) as { servers: Record<string, { handle?: { process?: { pid: number } } }> };
  const pid = servers[server]?.handle?.process?.pid;
  if (pid === undefined) throw new Error(`no process of ${server} in ${text}`);
  return pid;
}

/** A server that never answers, and one that exits at once; seen by an admin. */
async function troubled(browser: Browser): Promise<void> {
  const program = (name: string, lines: string): string => {
    const path = join(work, name);
    writeFileSync(path, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
    return path;
  };
  const slow = program('slow', 'echo "Loading the workflows of $USER"; exec sleep 600');
  const broken = program(
    'broken',
    'echo "ImportError: libpython3.12.so.1.0: cannot open shared object file" >&2; exit 127',
  );
  const environments = `[{ name: slow, title: Cylc 8.7 (slow), cylc: ${slow} }, { name: broken, title: Cylc 8.8 (broken), cylc: ${broken} }]`;
  const me = process.getuid?.() === 0 ? undefined : process.env['USER'];
  const gateway = await startGateway({ env: { ...withoutCylc, CYLC_GATEWAY_ENVIRONMENTS: environments } });
  const owner = me ?? ownerOf(gateway);
  const main = join(import.meta.dirname, '../../dist/src/main.js');
  const command = (...words: string[]): void => {
    const { status, stderr } = spawnSync(process.execPath, [main, ...words, '--data', gateway.dataDir], { cwd: work });
    if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr.toString()}`);
  };
  try {
    command('users', 'add', owner, '--admin', '--note', 'runs this site');
    command('users', 'add', 'nina', '--blocked', '--note', 'left in May');
    command('groups', 'add', 'forecasters', '--member', owner, '--member', 'nina');
    command('announcements', 'add', '--text', 'Storage is off on Friday from 18:00 to 20:00.', '--level', 'warning');
    const page = await signIn(browser, gateway, owner);
    const start = async (name: string, environment: string): Promise<void> => {
      await page.goto(`${gateway.origin}/hub/spawn/${owner}${name}`);
      await page.getByLabel('Cylc', { exact: true }).selectOption({ label: environment });
      await page.getByRole('button', { name: 'Start' }).click();
    };
    await page.goto(`${gateway.origin}/hub/spawn`);
    await shoot(page, 'spawn-environments');
    await start('/nowcast', 'Cylc 8.8 (broken)');
    await page.getByText('Exit code').waitFor();
    await shoot(page, 'failed');
    await start('', 'Cylc 8.7 (slow)');
    await page.getByRole('status').waitFor();
    await shoot(page, 'pending');
    await page.goto(`${gateway.origin}/user/${owner}/`);
    await shoot(page, 'pending-in-place');
    await page.goto(`${gateway.origin}/hub/home`);
    await shoot(page, 'home-starting-and-failed');
    for (const path of ['admin', 'admin/servers', 'services', 'sessions?all']) {
      await page.goto(`${gateway.origin}/hub/${path}`);
      await shoot(page, path === 'sessions?all' ? 'sessions-all' : path.replace('/', '-'));
    }
  } finally {
    await endAll(gateway);
  }
}

/** A site with system passwords, and one with a single sign-on that knows somebody who has no account. */
async function sites(browser: Browser): Promise<void> {
  const issuer = await startIssuer();
  const config = (name: string, identity: string): string => {
    const path = join(work, `${name}.yaml`);
    writeFileSync(path, `identity:\n  ${identity}\n`);
    return path;
  };
  const sso = `issuers: [{ issuer: "${issuer.url}", audience: cylc, cookie: sso }]`;
  const passwords = await startGateway({
    args: ['--config', config('passwords', 'pam: { service: login, failDelayS: 0 }')],
  });
  const single = await startGateway({ args: ['--config', config('single', sso)] });
  try {
    const page = await (await browser.newContext()).newPage();
    await page.goto(`${passwords.origin}/hub/home`);
    await shoot(page, 'password');
    await page.getByLabel(/name/i).fill('nobody-of-that-name');
    await page.getByLabel(/password/i).fill('wrong');
    await page.getByRole('button', { name: /Sign in/ }).click();
    await page.getByText('not right').waitFor();
    await shoot(page, 'password-wrong');
    const context = await browser.newContext();
    const visit = async (token: string | undefined, name: string): Promise<void> => {
      await context.clearCookies();
      if (token !== undefined) await context.addCookies([{ name: 'sso', value: token, url: single.origin }]);
      const tab = await context.newPage();
      await tab.goto(`${single.origin}/hub/home`);
      await shoot(tab, name);
      await tab.close();
    };
    const claims = { sub: 'nobody-of-that-name', aud: 'cylc' };
    await visit(undefined, 'sso-none');
    await visit('a.b.c', 'sso-invalid');
    await visit(await issuer.sign({ ...claims, exp: 1 }), 'sso-expired');
    await visit(await issuer.sign(claims), 'no-account');
  } finally {
    await Promise.all([passwords.end(), single.end(), issuer.close()]);
  }
}

const browser = await launchChromium();
try {
  const wanted = process.argv[3];
  for (const tour of [firstRun, troubled, sites]) if (wanted === undefined || wanted === tour.name) await tour(browser);
} finally {
  await browser.close();
  rmSync(work, { recursive: true });
}
console.log(`in ${folder}`);
