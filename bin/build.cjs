#!/usr/bin/env node
'use strict';
/*
 * Builds `dist/`; with `--if-older` only where a source is newer than the last build. What cannot be built anew (a
 * read-only checkout, development packages pruned) is started as it is, with a word about it.
 */
const { spawnSync } = require('node:child_process');
const { accessSync, constants, existsSync, readdirSync, statSync, utimesSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const root = join(__dirname, '..');
const dist = join(root, 'dist');
/** Its time is that of the start of the last build that was whole. */
const stamp = join(dist, '.built');
/** By SIGKILL, as a shell tells it. */
const killed = 137;
const launcher = join(__dirname, 'node24.cjs');

/** Time of the newest file, ms since 1970; 0 where there is none. */
function newest(path) {
  if (!existsSync(path)) return 0;
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(0, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isOlder() {
  if (!existsSync(stamp)) return true;
  const sources = ['src', 'workers', 'tsconfig.json'].map((name) => newest(join(root, name)));
  return Math.max(...sources) > statSync(stamp).mtimeMs;
}

/** Why it cannot be built here; undefined where it can. */
function obstacle() {
  if (!existsSync(join(root, 'node_modules/.bin/tsc'))) return 'the development packages are not installed';
  try {
    accessSync(existsSync(dist) ? dist : root, constants.W_OK);
    return undefined;
  } catch {
    return 'its folder cannot be written';
  }
}

/** Exit code of a command, by Node 24. */
function run(words, env = {}) {
  const options = { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } };
  const { status, signal } = spawnSync(process.execPath, [launcher, ...words], options);
  return status ?? (signal === 'SIGKILL' ? killed : 1);
}

function build() {
  const begun = new Date();
  const compile = ['tsc', '-p', 'tsconfig.json'];
  let status = run(compile);
  if (status === killed) {
    console.error('The compiler was killed, possibly out of memory: once more with less of it.');
    status = run([...compile, '--singleThreaded'], { GOGC: '25', GOMEMLIMIT: '250MiB' });
  }
  if (status === 0) status = run(['./src/pages/browser/build.ts', 'dist/src/pages/assets']);
  if (status !== 0) process.exit(status);
  writeFileSync(stamp, '');
  utimesSync(stamp, begun, begun);
}

const onlyIfOlder = process.argv.includes('--if-older');
if (!onlyIfOlder || isOlder()) {
  const why = onlyIfOlder && existsSync(join(dist, 'src/main.js')) ? obstacle() : undefined;
  if (why === undefined) build();
  else console.error(`dist/ is older than the sources and cannot be built anew (${why}): it is started as it is.`);
}
