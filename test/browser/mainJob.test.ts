import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchChromium, shoot } from '../helpers/chromium.ts';
import { runAs, writeAs } from '../helpers/cylcSite.ts';
import { endServers } from '../helpers/endServers.ts';
import { freePort, startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { makeOwnMounts } from '../helpers/ownMounts.ts';
import type { OwnMounts } from '../helpers/ownMounts.ts';
import { cylc17Bin, cylcBin, describeWith } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { repository } from '../helpers/sources.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';

/** The main job, to its end: a workflow that is played in the GUI succeeds, in each way that Cylc may be installed. */
let browser: Browser;
let mounts: OwnMounts;
let scientist: SystemAccount;
let folder: string;
let ends: (() => unknown)[];

describeWith(['chromium', 'cylc', 'cylc17', 'pam', 'root'], 'a workflow played in the GUI succeeds', () => {
  const versions = [
    ['1.10', cylcBin() ?? ''],
    ['1.7', cylc17Bin() ?? ''],
  ] as const;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser.close());

  beforeEach(() => {
    mounts = makeOwnMounts();
    scientist = makeSystemAccount();
    folder = shortFolder('gw-job');
    ends = [];
  });
  afterEach(async () => {
    for (const end of ends.toReversed()) await end();
    const { uid } = scientist;
    for (const pid of processesOf(uid)) process.kill(pid, 'SIGKILL');
    await until(() => processesOf(uid).length === 0);
    scientist.remove();
    mounts.remove();
    rmSync(folder, { recursive: true });
  });

  test.each(versions)(
    '%s, of an ordinary user by the commands of the README: by the link of the first run',
    async (_, cylc) => {
      const dataDir = join(scientist.home, 'data');
      const asUser = [...mounts.by, 'setpriv', `--reuid=${scientist.uid}`, `--regid=${scientist.gid}`, '--init-groups'];
      runAs(scientist, ['mkdir', '-m', '700', dataDir], cylc);
      symlinkSync(dirname(dirname(cylc)), join(dataDir, 'cylc'));
      expect(installer(asUser, dataDir, cylc)).toContain('npm run cylc:install -- --link');
      install(cylc);
      const by = [...asUser, 'env', `HOME=${scientist.home}`, `USER=${scientist.name}`];
      const gateway = await startGateway({ dataDir, by, env: barePath });
      ends.push(() => endGateway(gateway, asUser));
      expect(gateway.output()).toContain(`by the new link ${scientist.home}/.local/bin/cylc`);
      const page = await newPage();
      await page.goto(gateway.links().get(scientist.name) ?? '');
      await page.getByRole('button', { name: /Sign in as/ }).click();
      await playToTheEnd(page, gateway);
      expect(doctor(by, ['--data', dataDir])).toMatchObject({ outcome: 'ok' });
      expect(installer(asUser, dataDir, cylc, '--unlink')).toContain('Removed');
      expect(lstatSync(join(scientist.home, '.local/bin/cylc'), { throwIfNoEntry: false })).toBeUndefined();
    },
  );

  test.each(versions)("%s, on a root gateway with Cylc's wrapper as /usr/local/bin/cylc", async (_, cylc) => {
    const into = join(folder, 'opt/cylc');
    mkdirSync(dirname(into), { mode: 0o755 });
    symlinkSync(dirname(dirname(cylc)), into);
    const gateway = await rootGateway(join(into, 'bin/cylc'));
    expect(doctor(mounts.by, ['--config', join(folder, 'gateway.yaml')])).toMatchObject({ outcome: 'fault' });
    expect(installer(mounts.by, dirname(into), cylc, '--wrapper')).toContain('/usr/local/bin/cylc');
    expect(doctor(mounts.by, ['--config', join(folder, 'gateway.yaml')])).toMatchObject({ outcome: 'ok' });
    install(cylc);
    await playToTheEnd(await signedIn(gateway), gateway);
    expect(installer(mounts.by, dirname(into), cylc, '--unlink')).toContain('Removed /usr/local/bin/cylc');
    expect(existsSync('/usr/local/bin/cylc')).toBe(false);
  });

  test.each(versions)('%s, on a root gateway with Cylc on the PATH of the own profile', async (_, cylc) => {
    await writeAs(scientist, '.bash_profile', `echo Welcome\nPATH=${dirname(cylc)}:$PATH\n`);
    const gateway = await rootGateway(cylc);
    install(cylc);
    await playToTheEnd(await signedIn(gateway), gateway);
  });

  test.each(versions)("%s, on a root gateway with the site's environment on the PATH of all", async (_, cylc) => {
    writeFileSync(join(mounts.profileDir, 'cylc.sh'), `PATH=${dirname(cylc)}:$PATH\n`);
    const gateway = await rootGateway(cylc);
    expect(doctor(mounts.by, ['--config', join(folder, 'gateway.yaml')])).toMatchObject({ outcome: 'ok' });
    install(cylc);
    await playToTheEnd(await signedIn(gateway), gateway);
  });

  test('where jobs find no Cylc, the log of the gateway and the home page say so, with what the job wrote', async () => {
    const cylc = cylcBin() ?? '';
    const gateway = await rootGateway(cylc);
    install(cylc);
    const page = await signedIn(gateway);
    await play(page, gateway);
    await until(async () => {
      await page.goto(`${gateway.origin}/hub/home`);
      return (await page.content()).includes('cylc: command not found');
    }, 90_000);
    await page.getByText('tiny//1/first/01').waitFor();
    await shoot(page, 'main-job-silent');
    expect(gateway.output()).toContain('npm run cylc:install -- --into /opt/cylc --wrapper');
  });
});

const barePath = { PATH: '/usr/bin:/bin', XDG_RUNTIME_DIR: undefined };
const password = 'a horse of another colour';

/** As docs/deploy.md has it, on loopback: root, a configuration file, sign-in by the system's passwords. */
async function rootGateway(cylc: string): Promise<GatewayProcess> {
  const service = `cgw-test-${scientist.name}`;
  writeFileSync(`/etc/pam.d/${service}`, '@include common-auth\n@include common-account\n');
  ends.push(() => rmSync(`/etc/pam.d/${service}`));
  execFileSync('chpasswd', { input: `${scientist.name}:${password}` });
  const port = await freePort();
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { mode: 0o700 });
  const config = { publicUrl: `http://localhost:${port}`, dataDir, servers: { cylc }, identity: { pam: { service } } };
  writeFileSync(join(folder, 'gateway.yaml'), JSON.stringify(config));
  const args = ['--config', join(folder, 'gateway.yaml')];
  const gateway = await startGateway({ port, dataDir, args, by: mounts.by, env: barePath });
  ends.push(() => endGateway(gateway, []));
  return gateway;
}

async function endGateway(gateway: GatewayProcess, by: readonly string[]): Promise<void> {
  await gateway.end();
  if (by.length === 0) endServers(gateway.dataDir);
}

async function newPage(): Promise<Page> {
  const context = await browser.newContext();
  ends.push(() => context.close());
  return context.newPage();
}

async function signedIn(gateway: GatewayProcess): Promise<Page> {
  const page = await newPage();
  await page.goto(`${gateway.origin}/hub/home`);
  await page.getByLabel(/name/i).fill(scientist.name);
  await page.getByLabel(/password/i).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/hub/home');
  return page;
}

/** Starts the server, and plays the workflow. */
async function play(page: Page, gateway: GatewayProcess): Promise<void> {
  await page.getByRole('link', { name: 'Start', exact: true }).click();
  await page.getByRole('button', { name: 'Start' }).click();
  await page.waitForURL(`**/user/${scientist.name}/cylc/**`, { timeout: 90_000 });
  await page.getByText('tiny').first().waitFor({ timeout: 60_000 });
  await page.goto(`${gateway.origin}/user/${scientist.name}/cylc/#/workspace/tiny`);
  await page.locator('#workflow-play-button').click();
}

/** After Play nothing but waiting: the scheduler hears that the last task has succeeded, and ends. */
async function playToTheEnd(page: Page, gateway: GatewayProcess): Promise<void> {
  await play(page, gateway);
  const run = join(scientist.home, 'cylc-run/tiny/log');
  const log = (): string => textOf(join(run, 'scheduler/log'));
  const ended = (): boolean => /Workflow shutting down - AUTOMATIC/.test(log());
  const seen = (): string => `${log()}\n${textOf(join(run, 'job/1/first/01/job.err'))}`;
  await until(ended, 90_000, seen);
  expect(log()).toMatch(/1\/last\/01:\w+\] => succeeded/);
  await shoot(page, 'main-job');
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** Installs the workflow as its owner would, in a terminal. */
function install(cylc: string): void {
  const source = join(scientist.home, 'tiny');
  runAs(scientist, ['mkdir', source], cylc);
  writeFileSync(join(source, 'flow.cylc'), workflow);
  chmodSync(join(source, 'flow.cylc'), 0o644);
  runAs(scientist, [cylc, 'install', '--no-run-name', source], cylc);
}

/** The installer on an environment that is there already: what it says. */
function installer(by: readonly string[], parent: string, cylc: string, ...more: string[]): string {
  const mark = readFileSync(join(dirname(dirname(cylc)), 'cylc-gateway-install.json'), 'utf8');
  const clause = (JSON.parse(mark) as { requirement: string }).requirement.replace('cylc-uiserver[hub]', '');
  const script = join(repository, 'src/cli/cylcInstall.ts');
  const [program, ...words] = [...by, process.execPath, script, '--into', join(parent, 'cylc')];
  return execFileSync(program, [...words, '--uiserver', clause, ...more], { encoding: 'utf8', cwd: '/' });
}

/** What `check` says of jobs. */
function doctor(by: readonly string[], where: readonly string[]): unknown {
  const [program, ...words] = [...by, process.execPath, join(repository, 'dist/src/main.js')];
  const { stdout } = spawnSync(program, [...words, 'check', '--json', ...where], {
    encoding: 'utf8',
    cwd: '/',
    env: { ...process.env, ...barePath },
  });
  return (JSON.parse(stdout) as { findings: { check: string }[] }).findings.find(({ check }) => check === 'Jobs');
}

function processesOf(uid: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === uid).map(Number);
}

const workflow = `
[scheduler]
    allow implicit tasks = True
[scheduling]
    [[graph]]
        R1 = first => last
[runtime]
    [[first, last]]
        script = sleep 1
`;
