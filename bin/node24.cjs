#!/usr/bin/env node
'use strict';
/*
 * Runs a program by Node 24: `node bin/node24.cjs [options of Node] PROGRAM [arguments]`, where PROGRAM is a file or the
 * name of a command in node_modules/.bin. Any Node from 18 on can run this file. The Node that npm installed is looked for
 * where its package is and not in node_modules/.bin: npm before 11.6 deletes .bin/node together with the package of the
 * other processor. Without that package the Node that runs this is taken, if it is new enough.
 */
const { spawn, spawnSync } = require('node:child_process');
const { existsSync, realpathSync } = require('node:fs');
const { constants } = require('node:os');
const { delimiter, dirname, join } = require('node:path');

const oldest = 24;
const root = join(__dirname, '..');

/** Path of a Node that is new enough; undefined where there is none. */
function findNode() {
  const bundled = bundledNode();
  if (bundled !== undefined) return bundled;
  return Number.parseInt(process.versions.node, 10) >= oldest ? process.execPath : undefined;
}

/** It is made for glibc: where the loader of that is missing (Alpine), it is of no use. */
function bundledNode() {
  const loaders = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'];
  if (process.platform !== 'linux' || !loaders.some((path) => existsSync(path))) return undefined;
  try {
    const manifest = require.resolve(`node-linux-${process.arch}/package.json`, { paths: [root] });
    const path = join(dirname(manifest), 'bin/node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** A command of a package by its file: what npm puts into node_modules/.bin has `env node` in its first line. */
function toFile(word) {
  if (word.includes('/')) return word;
  const command = join(root, 'node_modules/.bin', word);
  if (!existsSync(command)) stop(`${word} is not installed: run \`npm ci\` (without --omit=dev) in ${root}.`);
  return realpathSync(command);
}

/** Commands whose native parts npm leaves out where it runs by a Node before 20.19, which those do not take. */
const developmentTools = new Set(['knip', 'oxfmt', 'oxlint', 'vitest', 'wrangler']);

/** Has npm install what it left out, by the Node that is found here. */
function completePackages(node, env) {
  const parts = join(root, 'node_modules/@rolldown', `binding-linux-${process.arch}-gnu`);
  if (!existsSync(join(root, 'node_modules/rolldown')) || existsSync(parts)) return;
  const npm = process.env.npm_execpath;
  if (npm === undefined)
    stop(`Packages for ${process.platform} are missing: run this by \`npm run\`, which installs them.`);
  console.error(`Installing development packages that npm leaves out under Node ${process.versions.node}…`);
  const words = [npm, 'install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(node, words, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) stop('They could not be installed.');
}

/** EX_UNAVAILABLE of sysexits.h. */
function stop(message) {
  console.error(message);
  process.exit(69);
}

/** Runs it in the place of this process, or as a child that gets its signals; ends as it ends. */
function run(words) {
  const node = findNode();
  if (node === undefined) {
    stop(
      `cylc-gateway needs Node ${oldest} or newer; this is ${process.version}, and npm has not installed one beside it.\n` +
        `Run \`npm ci\` without --omit=optional in ${root}, or put a newer Node first on the PATH.`,
    );
  }
  const at = words.findIndex((word) => !word.startsWith('-'));
  const args = words.map((word, index) => (index === at ? toFile(word) : word));
  // First on the PATH, so that what it starts by `env node` gets the same. There is nothing else in that folder.
  const path = [dirname(node), process.env.PATH].filter(Boolean).join(delimiter);
  const env = node === process.execPath ? process.env : { ...process.env, PATH: path };
  if (developmentTools.has(words[at])) completePackages(node, env);
  if (typeof process.execve === 'function') {
    process.emitWarning = () => undefined; // it is experimental, and says so
    process.execve(node, [node, ...args], env);
  }
  runAsChild(node, args, env);
}

function runAsChild(node, args, env) {
  let child;
  // A terminal sends Ctrl-C to the child as well, and a second one means "at once".
  const terminal = [process.stdin, process.stdout, process.stderr].some(({ isTTY }) => isTTY);
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR2']) process.on(signal, () => child?.kill(signal));
  process.on('SIGINT', () => terminal || child?.kill('SIGINT'));
  child = spawn(node, args, { stdio: 'inherit', env });
  child.on('error', (error) => stop(`${node} cannot be run: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

module.exports = { run };
if (require.main === module) run(process.argv.slice(2));
