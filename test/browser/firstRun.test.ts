import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { axeFaults, launchChromium, shoot } from '../helpers/chromium.ts';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';

let browser: Browser;
let gateway: GatewayProcess;
let contexts: BrowserContext[] = [];

/** A new visitor with a window of their own, signed in by a link from the terminal. Counts what the console tells. */
async function visit(name: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext();
  contexts.push(context);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) complaints.push(message.text());
  });
  const link = gateway.links().get(name);
  if (link === undefined) throw new Error(`no link for ${name} in:\n${gateway.output()}`);
  await page.goto(link);
  await page.getByRole('button', { name: /Sign in as/ }).click();
  await page.waitForURL('**/hub/home');
  return { page, complaints };
}

async function startFrom(page: Page, fill: (page: Page) => Promise<void> = async () => undefined): Promise<void> {
  await page.getByRole('link', { name: 'Start', exact: true }).click();
  await fill(page);
  await page.getByRole('button', { name: 'Start' }).click();
}

async function stopFrom(page: Page): Promise<void> {
  await page.goto(`${gateway.origin}/hub/home`);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.waitForURL('**/hub/home');
  await page.getByText('Stopped', { exact: true }).waitFor();
}

afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()));
  contexts = [];
});

describeWith(['chromium'], 'the first run, in a real browser', () => {
  let me: string;
  beforeAll(async () => {
    [browser, gateway] = await Promise.all([launchChromium(), startGateway({ env: { PATH: '/usr/bin:/bin' } })]);
    me = [...gateway.links().keys()][0] ?? '';
  });
  afterAll(async () => {
    await browser.close();
    await gateway.end();
  });

  test('link, button, home, form, progress, the server’s own page, stop', async () => {
    const { page, complaints } = await visit(me);
    expect(await axeFaults(page)).toEqual([]);
    await shoot(page, 'run-home');
    await startFrom(page, (form) => form.getByLabel('Workflow', { exact: true }).fill('nowcast'));
    await page.getByRole('status').waitFor();
    await shoot(page, 'run-progress');
    await page.waitForURL(`**/user/${me}/**`);
    await page.getByRole('heading', { name: `Server of ${me}` }).waitFor();
    await shoot(page, 'run-stand-in');
    await stopFrom(page);
    expect(complaints).toEqual([]);
  });

  test('a link serves once, and opening it signs nobody in', async () => {
    const context = await browser.newContext();
    contexts.push(context);
    const page = await context.newPage();
    await page.goto(gateway.links().get(me) ?? '');
    await page.getByText('has been used or has expired').waitFor();
    await page.goto(`${gateway.origin}/hub/home`);
    await page.waitForURL('**/hub/login?next=**');
    await shoot(page, 'run-sign-in');
  });

  test('a second visitor sees nothing of the first, and may not open their server', async () => {
    const guest = [...gateway.links().keys()][1] ?? '';
    const { page } = await visit(guest);
    expect(await page.getByText(`${me}'s`).count()).toBe(0);
    const answer = await page.goto(`${gateway.origin}/user/${me}/`);
    expect(answer?.status()).toBe(403);
    await page.getByRole('heading', { name: 'Not allowed' }).waitFor();
    await page.goto(`${gateway.origin}/hub/home`);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'You are signed out' }).waitFor();
    await page.goto(`${gateway.origin}/hub/home`);
    await page.waitForURL('**/hub/login?next=**');
  });
});

describeWith(['chromium', 'cylc', 'root'], 'the real Cylc GUI, in a real browser', () => {
  const cylc = cylcBin() ?? '';
  let home: string;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'gw-home-'));
    await mkdir(join(home, 'tiny'));
    await writeFile(join(home, 'tiny/flow.cylc'), tinyWorkflow);
    // Jobs run in a login shell, which sets the PATH anew.
    await writeFile(join(home, '.bash_profile'), `PATH=${dirname(cylc)}:$PATH\n`);
    const env = { PATH: [dirname(cylc), process.env['PATH']].join(delimiter), HOME: home };
    await promisify(execFile)(cylc, ['install', '--no-run-name', join(home, 'tiny')], { env });
    const by = await alone(home);
    [browser, gateway] = await Promise.all([launchChromium(), startGateway({ env: { PATH: env.PATH }, by })]);
  });
  afterAll(async () => {
    await browser.close();
    await gateway.end();
    await rm(home, { recursive: true, force: true });
  });

  test('lists the workflows of its owner, and plays one', async () => {
    expect(gateway.output()).toMatch(/Warning: This is root/);
    const { page } = await visit('root');
    await startFrom(page);
    await shoot(page, 'run-cylc-progress');
    await page.waitForURL('**/user/root/cylc/**', { timeout: 90_000 });
    await page.getByText('tiny').first().waitFor({ timeout: 30_000 });
    await shoot(page, 'run-cylc-dashboard');
    await page.goto(`${gateway.origin}/user/root/cylc/#/workspace/tiny`);
    await page.locator('#workflow-play-button').click();
    await page.getByText('hello', { exact: true }).waitFor({ timeout: 30_000 });
    const status = join(home, 'cylc-run/tiny/log/job/1/hello/01/job.status');
    await until(async () => /SUCCEEDED/.test(await readFile(status, 'utf8').catch(() => '')), 60_000);
    await shoot(page, 'run-cylc-played');
    await stopFrom(page);
  });
});

/**
 * A command that runs the gateway on a machine whose only user is root, with that home. Only this process and its
 * children see that user database.
 */
async function alone(home: string): Promise<string[]> {
  const users = join(home, 'passwd');
  await writeFile(users, `root:x:0:0:root:${home}:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n`);
  return ['unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /etc/passwd && exec "$@"', users];
}

const tinyWorkflow = `
[scheduler]
    allow implicit tasks = True
[scheduling]
    [[graph]]
        R1 = hello
[runtime]
    [[hello]]
        script = sleep 1
`;
