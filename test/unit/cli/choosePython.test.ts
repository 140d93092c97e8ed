import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { choosePython } from '../../../src/cli/cylc/choosePython.ts';
import { findPythons } from '../../../src/cli/cylc/findPythons.ts';
import { probePython } from '../../../src/cli/cylc/probePython.ts';
import type { Python } from '../../../src/cli/cylc/probePython.ts';

/** Each test has a machine of its own: interpreters that are shell scripts in a fresh folder. */
let machine: string;

beforeEach(async () => {
  machine = await mkdtemp(join(tmpdir(), 'pythons-'));
});
afterEach(() => rm(machine, { recursive: true }));

async function interpreter(path: string, version: readonly number[], venv = true): Promise<string> {
  const full = join(machine, path);
  await mkdir(dirname(full), { recursive: true });
  const answer = JSON.stringify({ version, venv, prefix: dirname(full) });
  await writeFile(full, `#!/bin/sh\necho '${answer}'\n`);
  await chmod(full, 0o755);
  return full;
}

async function chosen(): Promise<Python> {
  const paths = await findPythons({
    env: { PATH: `${join(machine, 'bin')}:${join(machine, 'more')}` },
    home: join(machine, 'home'),
    systemDirs: [join(machine, 'usr/bin')],
  });
  const probed = await Promise.all(paths.map((path) => probePython(path)));
  return choosePython(probed.filter((python) => python !== undefined));
}

test('a python3.12 on the PATH is taken before an older python3, a newer one and the system', async () => {
  await interpreter('bin/python3', [3, 11, 7]);
  await interpreter('bin/python3.13', [3, 13, 0]);
  const best = await interpreter('more/python3.12', [3, 12, 1]);
  await interpreter('usr/bin/python3', [3, 12, 9]);
  expect(await chosen()).toMatchObject({ path: best, version: '3.12.1' });
});

test.each([
  'home/.pyenv/versions/3.12.1/bin/python3',
  'home/miniforge3/envs/cylc/bin/python3.12',
  'home/.local/share/uv/python/cpython-3.12/bin/python3',
])('one that only a version manager knows is found: %s', async (path) => {
  await interpreter('usr/bin/python3', [3, 11, 2]);
  const best = await interpreter(path, [3, 12, 1]);
  expect((await chosen()).path).toBe(best);
});

test('where none is new enough, the newest older one is taken', async () => {
  await interpreter('bin/python3.8', [3, 8, 18]);
  const best = await interpreter('usr/bin/python3', [3, 11, 2]);
  expect((await chosen()).path).toBe(best);
});

test('a name that does not run (a pyenv shim that is switched off) and other programs are passed over', async () => {
  const shim = await interpreter('bin/python3.12', [3, 12, 1]);
  await writeFile(shim, '#!/bin/sh\necho "pyenv: python3.12: command not found" >&2\nexit 127\n');
  await interpreter('bin/python3-config', [3, 13, 0]);
  const best = await interpreter('bin/python3.14', [3, 14, 0]);
  expect((await chosen()).path).toBe(best);
});

test('two names of one file are asked once', async () => {
  const real = await interpreter('bin/python3.12', [3, 12, 1]);
  await symlink(real, join(machine, 'bin/python3'));
  const paths = await findPythons({ env: { PATH: join(machine, 'bin') }, home: machine, systemDirs: [] });
  expect(paths).toHaveLength(1);
});

test('no Python, or none without venv module, is told plainly', async () => {
  await expect(chosen()).rejects.toThrow('No Python 3.12 or newer was found.');
  await interpreter('bin/python2', [2, 7, 18]);
  await interpreter('bin/python3', [3, 6, 15]);
  await expect(chosen()).rejects.toThrow(/found, only .*python3 \(3\.6\.15\)/);
  await interpreter('usr/bin/python3.12', [3, 12, 1], false);
  await expect(chosen()).rejects.toMatchObject({ advice: expect.stringContaining('apt-get install python3.12-venv') });
});

test('for a gateway of many accounts, a Python that all can run goes before one closed to them', () => {
  const python = (path: string, minor: number, forAll: boolean): Python => {
    const version = `3.${minor}.0`;
    return { path, major: 3, minor, version, hasVenv: true, prefix: path, forAll };
  };
  const found = [python('/root/p', 12, false), python('/opt/p', 13, true), python('/usr/p', 11, true)];
  expect(choosePython(found).path).toBe('/root/p');
  expect(choosePython(found, { forAll: true }).path).toBe('/opt/p');
  expect(choosePython([found[0]!, found[2]!], { forAll: true }).path).toBe('/root/p');
});
