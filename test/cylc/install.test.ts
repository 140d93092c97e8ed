import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../helpers/requires.ts';
import { repository } from '../helpers/sources.ts';

/** The installer itself, with the real Python of this machine and the real package index. */
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cylc-install-'));
});
afterAll(() => rm(folder, { recursive: true }));

function install(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, ['src/cli/cylcInstall.ts', ...args], {
    cwd: repository,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 900_000,
  });
}

describeWith(['venv'], 'the installer', () => {
  test('a folder that is something else is left alone', async () => {
    const into = join(folder, 'home');
    await mkdir(into);
    await writeFile(join(into, 'thesis.txt'), 'years of work');
    const ran = install(['--into', into]);
    expect(ran.stderr).toContain('holds something that is not a Python environment');
    expect(ran.status).toBe(73);
  });

  test('no package index: said plainly', () => {
    const ran = install(['--into', join(folder, 'offline')], {
      PIP_INDEX_URL: 'http://127.0.0.1:9/simple',
      PIP_RETRIES: '0',
      PIP_NO_CACHE_DIR: '1',
      PIP_CONFIG_FILE: '/dev/null',
    });
    expect(ran.stderr).toContain('The Python package index cannot be reached.');
    expect(ran.status).toBe(69);
  }, 300_000);

  test('the installer brings the newest Cylc that the Python here takes, and it runs; a second run changes nothing and is quick', () => {
    const into = join(folder, 'cylc');
    const first = install(['--into', into], { PIP_NO_COMPILE: '1' });
    expect(first.stdout, first.stderr).toMatch(/Cylc 8\.\d+\.\d+ is ready: .*bin\/cylc/);
    expect(first.status).toBe(0);
    const second = install(['--into', into]);
    expect(second.stdout).not.toContain('Installing');
    expect(second.status).toBe(0);
  }, 900_000);
});
