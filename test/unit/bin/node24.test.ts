import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { repository } from '../../helpers/sources.ts';

/** An installation with the launcher in it, under a Node that passes for another. */
let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'launcher-')));
  mkdirSync(join(root, 'bin'));
  for (const name of ['node24.cjs', 'cylc-gateway.cjs', 'build.cjs'])
    copyFileSync(join(repository, 'bin', name), join(root, 'bin', name));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Without `.bin/node`, as npm before 11.6 leaves it: prints its name, its PATH and what it was called with. */
function bundle(folder = root): string {
  const place = join(folder, `node_modules/node-linux-${process.arch}`);
  mkdirSync(join(place, 'bin'), { recursive: true });
  writeFileSync(join(place, 'package.json'), '{}');
  const node = join(place, 'bin/node');
  writeFileSync(
    node,
    '#!/bin/sh\necho "bundled $PATH $*"; [ "$1" = ./seven.js ] && exit 7; [ "$1" != ./wait.js ] || exec sleep 60\n',
  );
  chmodSync(node, 0o755);
  return node;
}

const pretend = (version: string, execve = ''): string =>
  `data:text/javascript,${encodeURIComponent(
    `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });` +
      `Object.defineProperty(process, 'version', { value: 'v${version}' });${execve}`,
  )}`;
const oldNode = pretend('18.20.4', 'process.execve = undefined;');

function launch(args: readonly string[], as = oldNode, script = 'bin/node24.cjs') {
  return spawnSync(process.execPath, ['--import', as, join(root, script), ...args], { cwd: root, encoding: 'utf8' });
}

test.each([
  ['an old Node', oldNode],
  ['a Node that can replace itself', pretend('22.15.0')],
])('%s runs the Node that npm installed, with all that was said and the same first on the PATH', (_, as) => {
  const node = bundle();
  const ran = launch(['--some-option=1', './a.js', '--x', 'y z'], as);
  expect(ran.stdout).toBe(
    `bundled ${join(node, '..')}${delimiter}${process.env['PATH']} --some-option=1 ./a.js --x y z\n`,
  );
  expect(ran.stderr).toBe('');
  expect(launch(['./seven.js'], as).status).toBe(7);
});

test('it is found where npm has put it for whoever depends on this package', () => {
  const outer = root;
  bundle(outer);
  const inner = join(outer, 'node_modules/cylc-gateway/bin');
  mkdirSync(inner, { recursive: true });
  copyFileSync(join(repository, 'bin/node24.cjs'), join(inner, 'node24.cjs'));
  expect(launch(['./a.js'], oldNode, 'node_modules/cylc-gateway/bin/node24.cjs').stdout).toMatch(
    /^bundled .* \.\/a\.js\n$/,
  );
});

test('without one the Node that runs it is taken where it is new enough, and leaves the PATH alone', () => {
  writeFileSync(join(root, 'a.mjs'), 'console.log(process.execPath, process.env.PATH, process.argv.slice(2).join())');
  expect(launch(['./a.mjs', '1', '2'], pretend('24.0.0')).stdout).toBe(
    `${process.execPath} ${process.env['PATH']} 1,2\n`,
  );
});

test('without one an old Node says what is missing and what to do', () => {
  const ran = launch(['./a.mjs']);
  expect(ran.stderr).toMatch(/needs Node 24 or newer; this is v18\.20\.4.*\nRun `npm ci`/);
  expect(ran.status).toBe(69);
});

test('a command of a package is run by its file; one that is not installed is named', () => {
  bundle();
  mkdirSync(join(root, 'node_modules/.bin'));
  writeFileSync(join(root, 'node_modules/tool.js'), '');
  symlinkSync('../tool.js', join(root, 'node_modules/.bin/tool'));
  expect(launch(['tool', '--x']).stdout).toContain(` ${join(root, 'node_modules/tool.js')} --x\n`);
  const ran = launch(['vitest']);
  expect(ran.stderr).toContain('vitest is not installed: run `npm ci`');
  expect(ran.status).toBe(69);
});

test('what npm has left out under an old Node is installed by the one that was found, once', () => {
  bundle();
  for (const place of ['node_modules/.bin', 'node_modules/rolldown']) mkdirSync(join(root, place));
  writeFileSync(join(root, 'node_modules/vitest.js'), '');
  symlinkSync('../vitest.js', join(root, 'node_modules/.bin/vitest'));
  symlinkSync('../vitest.js', join(root, 'node_modules/.bin/tsc'));
  const asked = join(root, 'asked');
  const node = bundle();
  writeFileSync(node, `#!/bin/sh\ncase "$1" in /npm.js) echo "$*" >>${asked};; *) echo "ran $*";; esac\n`);
  const run = (word: string, npm?: string) =>
    spawnSync(process.execPath, ['--import', oldNode, join(root, 'bin/node24.cjs'), word], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], npm_execpath: npm },
    });
  expect(run('tsc').stderr).toBe('');
  expect(run('vitest')).toMatchObject({ status: 69, stderr: expect.stringContaining('run this by `npm run`') });
  expect(run('vitest', '/npm.js').stdout).toMatch(/^ran .*vitest\.js/);
  expect(readFileSync(asked, 'utf8')).toMatch(/^\/npm\.js install --no-save .*\n$/);
  mkdirSync(join(root, `node_modules/@rolldown/binding-linux-${process.arch}-gnu`), { recursive: true });
  expect(run('vitest').stderr).toBe('');
});

test.each(['SIGTERM', 'SIGHUP', 'SIGINT'] as const)('%s reaches the program, and its end is told', async (signal) => {
  bundle();
  const child = spawn(process.execPath, ['--import', oldNode, join(root, 'bin/node24.cjs'), './wait.js'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await once(child.stdout, 'data');
  child.kill(signal);
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(128 + { SIGTERM: 15, SIGHUP: 1, SIGINT: 2 }[signal]);
});

test('the command says where it has not been built', () => {
  bundle();
  const ran = launch(['serve'], oldNode, 'bin/cylc-gateway.cjs');
  expect(ran.stderr).toContain('run `npm run build`');
  expect(ran.status).toBe(69);
  mkdirSync(join(root, 'dist/src'), { recursive: true });
  writeFileSync(join(root, 'dist/src/main.js'), '');
  expect(launch(['serve', '--port', '1'], oldNode, 'bin/cylc-gateway.cjs').stdout).toContain(
    `--enable-source-maps ${join(root, 'dist/src/main.js')} serve --port 1\n`,
  );
});
