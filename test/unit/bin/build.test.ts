import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { repository } from '../../helpers/sources.ts';

/** A small checkout whose compiler only notes that it was called. */
let root: string;
const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const compile = "import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'; appendFileSync('built', 'x');";

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'build-'));
  for (const name of ['build.cjs', 'node24.cjs']) {
    mkdirSync(join(root, 'bin'), { recursive: true });
    copyFileSync(join(repository, 'bin', name), join(root, 'bin', name));
  }
  write('package.json', '{"type":"module"}');
  write(
    'node_modules/.bin/tsc',
    `#!/usr/bin/env node\n${compile}mkdirSync('dist/src', { recursive: true });writeFileSync('dist/src/main.js', '');`,
  );
  write('src/pages/browser/build.ts', '');
  write('src/main.ts', '');
  write('workers/jobs.ts', '');
  write('tsconfig.json', '{}');
});
afterEach(() => {
  chmodSync(join(root, 'dist'), 0o755);
  rmSync(root, { recursive: true });
});

function build(...args: string[]) {
  return spawnSync(process.execPath, [join(root, 'bin/build.cjs'), ...args], { cwd: '/', encoding: 'utf8' });
}
const times = (): number => (existsSync(join(root, 'built')) ? readFileSync(join(root, 'built'), 'utf8').length : 0);
const touch = (path: string): void => {
  const later = new Date(Date.now() + 5000);
  utimesSync(join(root, path), later, later);
};

test('it is built where it never was, and where a source is newer; else nothing is done', () => {
  expect(build('--if-older').stderr).toBe('');
  expect(times()).toBe(1);
  build('--if-older');
  expect(times()).toBe(1);
  for (const [index, path] of ['src/main.ts', 'workers/jobs.ts', 'tsconfig.json'].entries()) {
    touch(path);
    build('--if-older');
    expect(times()).toBe(index + 2);
    utimesSync(join(root, path), 0, 0);
  }
  build();
  expect(times()).toBe(5);
});

test('a source that is written while it is built counts as newer', () => {
  write(
    'node_modules/.bin/tsc',
    `${compile}mkdirSync('dist/src', { recursive: true });writeFileSync('src/main.ts', '// new');`,
  );
  build('--if-older');
  expect(statSync(join(root, 'src/main.ts')).mtimeMs).toBeGreaterThan(statSync(join(root, 'dist/.built')).mtimeMs);
});

describe('what cannot be built anew is started as it is, and one is told', () => {
  beforeEach(() => {
    build();
    touch('src/main.ts');
  });

  test('development packages pruned', () => {
    rmSync(join(root, 'node_modules/.bin/tsc'));
    const ran = build('--if-older');
    expect(ran.stderr).toMatch(/older than the sources.*development packages are not installed/);
    expect(ran.status).toBe(0);
  });

  test.skipIf(process.getuid?.() === 0)('a folder that cannot be written', () => {
    chmodSync(join(root, 'dist'), 0o555);
    expect(build('--if-older').stderr).toContain('cannot be written');
    expect(times()).toBe(1);
  });
});

test('a compiler that is killed is run once more with less memory', () => {
  const dies = "if (!process.argv.includes('--singleThreaded')) process.kill(process.pid, 'SIGKILL');";
  write('node_modules/.bin/tsc', `${dies}${compile}mkdirSync('dist', { recursive: true });`);
  const ran = build();
  expect(ran.stderr).toContain('once more with less');
  expect([ran.status, times()]).toEqual([0, 1]);
});

test('a failed build ends with its code, and is not taken for a build', () => {
  write('node_modules/.bin/tsc', 'process.exit(2)');
  mkdirSync(join(root, 'dist'));
  expect(build('--if-older').status).toBe(2);
  expect(existsSync(join(root, 'dist/.built'))).toBe(false);
});
