import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { launchChromium } from '../helpers/chromium.ts';
import { freePort } from '../helpers/gateway.ts';
import { configurableHttpProxy, startJupyterHub } from '../helpers/jupyterHub.ts';
import { memoryOf } from '../helpers/memoryOf.ts';
import { cylcBin } from '../helpers/requires.ts';
import { until } from '../helpers/until.ts';
import { treeOf } from './hop/processes.ts';

/**
 * What a newcomer waits for: from `npm start` (with the build) to the printed links, then in a real browser from the
 * button Start to a page that can be used; and the memory of the gateway before anybody came. Real processes, nothing
 * prepared: the first start of the real Cylc is that of a fork server that may still be loading.
 */
interface Figures {
  listenS: number;
  idle: { rssMiB: number; pssMiB: number };
  /** The first start after the gateway's own, then later ones. */
  pageS: number[];
}

const root = join(import.meta.dirname, '../..');
/** Until what the start took has been given back. */
const idleMs = 10_000;

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean' }, rounds: { type: 'string', default: '3' }, help: { type: 'boolean' } },
  });
  if (values.help) return console.log('npm run bench -- firstRun [--json] [--rounds 3]');
  let ratios = {};
  const cylc = cylcBin();
  const figures: Record<string, Figures> = {};
  figures['stand-in'] = await measure('/usr/bin:/bin', Number(values.rounds), standInPage);
  if (cylc !== undefined)
    figures['cylc'] = await measure([dirname(cylc), '/usr/bin:/bin'].join(delimiter), Number(values.rounds), cylcPage);
  for (const [name, { listenS, idle, pageS }] of Object.entries(figures))
    console.log(
      `${name.padEnd(8)} listening after ${listenS} s; idle RSS ${idle.rssMiB} MiB, PSS ${idle.pssMiB} MiB; ` +
        `from Start to the page: ${pageS.join(', ')} s`,
    );
  if (cylc === undefined) console.log('Cylc is not here; to get it: npm run cylc:install');
  else {
    const hub = await idleJupyterHub();
    console.log(`JupyterHub with configurable-http-proxy, idle: RSS ${hub.rssMiB} MiB, PSS ${hub.pssMiB} MiB`);
    const { idle } = figures['cylc']!;
    ratios = { jupyterhub: { idleRss: idle.rssMiB / hub.rssMiB, idlePss: idle.pssMiB / hub.pssMiB } };
  }
  if (values.json) console.log(JSON.stringify({ ratios, figures }));
}

/** The memory of the two programs that the gateway stands for. */
async function idleJupyterHub(): Promise<Figures['idle']> {
  const folder = await mkdtemp(join(tmpdir(), 'first-run-hub-'));
  const hub = await startJupyterHub(folder, configurableHttpProxy);
  try {
    await sleep(idleMs);
    const all = treeOf(hub.pid).map((pid) => memoryOf(pid));
    const sum = (of: 'rssMiB' | 'pssMiB'): number => Math.round(all.reduce((total, one) => total + one[of], 0));
    return { rssMiB: sum('rssMiB'), pssMiB: sum('pssMiB') };
  } finally {
    await hub.end();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(path: string, rounds: number, page: (at: Page) => Promise<void>): Promise<Figures> {
  const dataDir = await mkdtemp(join(tmpdir(), 'first-run-'));
  const gateway = await startByNpm(path, dataDir);
  let browser: Browser | undefined;
  try {
    await sleep(idleMs);
    const { rssMiB, pssMiB } = memoryOf(pidOf(dataDir));
    browser = await launchChromium();
    const tab = await browser.newPage();
    await tab.goto(gateway.link);
    await tab.getByRole('button', { name: /Sign in as/ }).click();
    await tab.waitForURL('**/hub/home');
    const pageS: number[] = [];
    for (let round = 0; round < rounds; round += 1) pageS.push(seconds(await startOnce(tab, gateway.origin, page)));
    return { listenS: seconds(gateway.ms), idle: { rssMiB: Math.round(rssMiB), pssMiB: Math.round(pssMiB) }, pageS };
  } finally {
    await browser?.close();
    await gateway.end();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The README's own command. */
async function startByNpm(path: string, dataDir: string) {
  const port = await freePort();
  const begun = performance.now();
  const child = spawn('npm', ['start', '--', '--port', String(port), '--data', dataDir], {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  await until(
    () => child.exitCode !== null || text.includes('Ctrl-C stops'),
    120_000,
    () => text,
  );
  const ms = performance.now() - begun;
  const link = /http\S+link=\S+/.exec(text)?.[0];
  if (link === undefined) throw new Error(`npm start printed no link:\n${text}`);
  return {
    ms,
    link,
    origin: `http://localhost:${port}`,
    async end() {
      const gone = once(child, 'exit');
      process.kill(pidOf(dataDir), 'SIGTERM');
      await gone;
    },
  };
}

function pidOf(dataDir: string): number {
  return (JSON.parse(readFileSync(join(dataDir, 'gateway.lock'), 'utf8')) as { pid: number }).pid;
}

/** From the click to a page that can be used, ms; stops the server again. */
async function startOnce(tab: Page, origin: string, page: (at: Page) => Promise<void>): Promise<number> {
  await tab.goto(`${origin}/hub/spawn`);
  const begun = performance.now();
  await tab.getByRole('button', { name: 'Start' }).click();
  await page(tab);
  const ms = performance.now() - begun;
  await tab.goto(`${origin}/hub/home`);
  await tab.getByRole('button', { name: 'Stop' }).click();
  await tab.getByText('Stopped', { exact: true }).waitFor({ timeout: 60_000 });
  return ms;
}

const patience = { timeout: 120_000 };

async function standInPage(tab: Page): Promise<void> {
  await tab.getByRole('heading', { name: /^Server of/ }).waitFor(patience);
}

/** The dashboard, once it has drawn what it got by GraphQL. */
async function cylcPage(tab: Page): Promise<void> {
  await tab.waitForURL('**/user/*/cylc/**', patience);
  await tab.getByText('Dashboard').first().waitFor(patience);
}

function seconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
