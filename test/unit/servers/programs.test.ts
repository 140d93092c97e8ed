import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPrograms, programCommand, programEnvironment } from '../../../src/servers/programs.ts';
import type { Program } from '../../../src/servers/programs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cg-programs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A virtual environment as pip leaves it. */
function venv(name: string, packages: readonly string[]): string {
  const root = join(folder, name);
  for (const entry of packages) mkdirSync(join(root, 'lib/python3.12/site-packages', entry), { recursive: true });
  mkdirSync(join(root, 'bin'), { recursive: true });
  const path = join(root, 'bin/cylc');
  writeFileSync(path, `#!${root}/bin/python3.12\nimport sys\n`);
  chmodSync(path, 0o755);
  return path;
}

const find = (configured: string | undefined, searchPath = ''): Program[] =>
  createPrograms({ configured, dataDir: join(folder, 'data'), searchPath }).list();

test('without Cylc there is the stand-in', () => {
  expect(find(undefined)).toMatchObject([{ id: 'stand-in', kind: 'stand-in' }]);
});

test('a configured Cylc comes before the one on the PATH and the installed one; each is offered once', () => {
  const packages = ['cylc_flow-8.7.0.dist-info', 'cylc_uiserver-1.10.0.dist-info'];
  const [a, b, c] = [venv('a', packages), venv('b', packages), venv('data/cylc', packages)];
  expect(find(a, `${folder}/b/bin:relative`).map(({ path }) => path)).toEqual([a, b, c]);
  expect(find(b, `${folder}/b/bin`).map(({ id }) => id)).toEqual(['cylc-configured', 'cylc-installed']);
  expect(find(a)[0]).toMatchObject({ kind: 'cylc', version: '1.10.0' });
});

test('what the site names stays in the list with its fault, and nothing takes its place', () => {
  const bare = venv('flow-only', ['cylc_flow-8.0.2.dist-info']);
  expect(find(bare)).toMatchObject([{ kind: 'cylc', path: bare, title: expect.stringContaining('has no UI server') }]);
  expect(find('/nowhere/cylc')[0]?.title).toContain('/nowhere/cylc, which is not there');
});

test('a Cylc without the UI server that was only found is not offered; a wrapper script is taken at its word', () => {
  rmSync(join(folder, 'data'), { recursive: true, force: true });
  venv('flow-only', ['cylc_flow-8.0.2.dist-info']);
  expect(find(undefined, join(folder, 'flow-only/bin'))).toMatchObject([{ id: 'stand-in' }]);
  const wrapper = join(folder, 'wrapper');
  writeFileSync(wrapper, '#!/bin/sh\nexec cylc "$@"\n');
  expect(find(wrapper)).toHaveLength(1);
  chmodSync(wrapper, 0o755);
  expect(find(wrapper)[0]).toMatchObject({ id: 'cylc-configured', version: undefined });
});

const account = {
  name: 'alice',
  uid: 1001,
  gid: 1001,
  home: '/home/alice',
  shell: '/bin/bash',
  displayName: 'Alice',
  groups: [],
  admin: false,
};
const cylc: Program = { id: 'cylc', title: '', kind: 'cylc', path: '/opt/cylc/bin/cylc', version: undefined };

const socket = { kind: 'unix', path: '/run/x.sock' } as const;
const prefix = '/user/alice/';

test('the real server gets what must be ours last, so that no other argument can undo it', () => {
  const command = programCommand(cylc, { upstream: socket, prefix, account, args: ['--debug'] });
  expect(command.slice(0, 5)).toEqual([
    '/opt/cylc/bin/cylc',
    'hubapp',
    '--debug',
    '--ServerApp.sock=/run/x.sock',
    '--ServerApp.authorizer_class=cylc.uiserver.authorise.CylcAuthorizer',
  ]);
  expect(command).toEqual(
    expect.arrayContaining(['--CylcHubApp.sock=/run/x.sock', '--CylcHubApp.base_url=/user/alice/']),
  );
  const root = programCommand(cylc, { upstream: socket, prefix, account: { ...account, uid: 0 }, args: [] });
  expect(root).toContain('--ServerApp.allow_root=True');
});

test('with a port it listens there, on loopback, whatever a file of configuration says', () => {
  const upstream = { kind: 'tcp', host: '127.0.0.1', port: 4711 } as const;
  const command = programCommand(cylc, { upstream, prefix, account, args: [] });
  const listening = ['--CylcHubApp.sock=', '--CylcHubApp.ip=127.0.0.1', '--CylcHubApp.port=4711'];
  expect(command).toEqual(expect.arrayContaining(listening));
  expect(command.filter((word) => word.startsWith('--ServerApp.sock'))).toEqual([]);
});

test('the environment names the account as owner and has cylc on its PATH', () => {
  expect(programEnvironment(cylc, account)).toEqual({
    USER: 'alice',
    LOGNAME: 'alice',
    HOME: '/home/alice',
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    PATH: '/opt/cylc/bin:/usr/local/bin:/usr/bin:/bin',
  });
});
