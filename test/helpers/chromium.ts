import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { onPath } from './requires.ts';

/** The system's Chromium without a window, sandbox or calls to its maker. */
export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const executablePath = ['chromium', 'chromium-browser', 'google-chrome'].find(onPath);
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath: `/usr/bin/${executablePath}` }),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/** Faults that axe finds by the rules of WCAG 2.2 A and AA, one line each; none is what we want. */
export async function axeFaults(page: Page): Promise<string[]> {
  const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: Axe };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await axe.run(document, { runOnly: tags });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`);
  });
}

interface Axe {
  run(
    context: unknown,
    options: object,
  ): Promise<{ violations: { id: string; help: string; nodes: { html: string }[] }[] }>;
}

let folder: Promise<string> | undefined;

/** A picture of the whole page, kept in `CYLC_GATEWAY_TEST_SHOTS` (else in a new folder) for people to look at. */
export async function shoot(page: Page, name: string): Promise<void> {
  folder ??= shotFolder();
  await page.screenshot({ path: join(await folder, `${name}.png`), fullPage: true });
}

async function shotFolder(): Promise<string> {
  const wanted = process.env['CYLC_GATEWAY_TEST_SHOTS'];
  if (wanted === undefined) return mkdtemp(join(tmpdir(), 'gw-shots-'));
  await mkdir(wanted, { recursive: true });
  return wanted;
}
