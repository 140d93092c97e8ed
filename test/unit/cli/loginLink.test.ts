import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { whyNotFound } from '../../../src/cli/cylc/jobsShell.ts';
import { makeLoginLink, removeLoginLink } from '../../../src/cli/cylc/loginLink.ts';
import { findAtLogin, runAtLogin } from '../../../src/cli/cylc/loginShell.ts';

let home: string;
let link: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'cg-home-'));
  link = join(home, '.local/bin/cylc');
});
afterEach(() => rmSync(home, { recursive: true }));

/** A `cylc` that says its version, and fails where it is asked for another as Cylc's wrapper does. */
function makeCylc(name: string): string {
  const path = join(home, name, 'bin/cylc');
  mkdirSync(join(path, '..'), { recursive: true });
  const script = `#!/bin/sh\n[ "\${CYLC_VERSION:-8.7.0}" = 8.7.0 ] || { echo "cylc-$CYLC_VERSION not found" >&2; exit 1; }\necho 8.7.0\n`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

const shell = () => ({ env: { HOME: home, PATH: '/usr/bin:/bin' }, signal: AbortSignal.timeout(20_000) });

test('the link is made, found by a login shell whose profile adds ~/.local/bin, led elsewhere, and removed', async () => {
  const [one, two] = [makeCylc('one'), makeCylc('two')];
  writeFileSync(join(home, '.profile'), 'echo Welcome to the machine\nPATH="$HOME/.local/bin:$PATH"\n');
  expect(await findAtLogin(shell())).toBeUndefined();
  expect(await makeLoginLink(home, one)).toBe('made');
  expect(await makeLoginLink(home, one)).toBe('there');
  expect(await findAtLogin(shell())).toBe(link);
  expect(await makeLoginLink(home, two)).toBe('made');
  expect(realpathSync(link)).toBe(realpathSync(two));
  expect(await removeLoginLink(home)).toBe(true);
  expect(await removeLoginLink(home)).toBe(false);
  expect(await findAtLogin(shell())).toBeUndefined();
});

test('what is somebody’s own is neither replaced nor removed: a file, a link, a link that leads nowhere', async () => {
  const own = makeCylc('own');
  mkdirSync(join(link, '..'), { recursive: true });
  writeFileSync(link, 'mine');
  expect(await makeLoginLink(home, own)).toBe('taken');
  expect(await removeLoginLink(home)).toBe(false);
  expect(readFileSync(link, 'utf8')).toBe('mine');
  for (const target of [own, '/nowhere/cylc']) {
    rmSync(link);
    symlinkSync(target, link);
    expect(await makeLoginLink(home, makeCylc('new'))).toBe('taken');
    expect(await removeLoginLink(home)).toBe(false);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  }
});

test('a profile that hides ~/.profile is named, with the line that helps', () => {
  expect(whyNotFound(home)).toContain('Add this line to ~/.profile');
  writeFileSync(join(home, '.bash_profile'), '');
  expect(whyNotFound(home)).toMatch(
    /reads ~\/\.bash_profile instead of ~\/\.profile.*PATH="\$HOME\/\.local\/bin:\$PATH"/,
  );
});

test('a Cylc that is found but does not run for jobs of this version is told apart from one that runs', async () => {
  const cylc = makeCylc('one');
  writeFileSync(join(home, '.profile'), `PATH=${join(cylc, '..')}:$PATH\n`);
  expect(await runAtLogin(shell(), undefined)).toEqual({ path: cylc, version: '8.7.0' });
  expect(await runAtLogin(shell(), '8.7.0')).toEqual({ path: cylc, version: '8.7.0' });
  expect(await runAtLogin(shell(), '8.6.0')).toEqual({ path: cylc, fault: 'cylc-8.6.0 not found' });
});

test('a function or an alias of that name is no command of jobs', async () => {
  writeFileSync(join(home, '.profile'), 'cylc() { echo 8.7.0; }\n');
  expect(await findAtLogin(shell())).toBeUndefined();
});

test('a profile that ends or hangs cannot be told from one without `cylc`: that is said, not guessed', async () => {
  writeFileSync(join(home, '.profile'), 'echo no >&2\nexit 3\n');
  await expect(findAtLogin(shell())).rejects.toThrow('ended early: no');
  writeFileSync(join(home, '.profile'), 'exec sleep 60\n');
  const late = { ...shell(), signal: AbortSignal.timeout(500) };
  await expect(findAtLogin(late)).rejects.toThrow('did not end in time');
});
