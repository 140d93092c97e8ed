import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Account } from '../../src/access/types.ts';
import { createServerLogs } from '../../src/servers/logs.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createAccountCommands } from '../../src/spawners/accountCommands.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { SpawnHandle, SpawnPlan } from '../../src/spawners/types.ts';
import { describeWith } from '../helpers/requires.ts';
import { createServersWorld, ownAccount } from '../helpers/serversWorld.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'cg-logs-'));
chmodSync(folder, 0o755);
const commands = createAccountCommands();
const pool = createJobPool();
const spawner = createAccountSpawner({ pool });
let accounts: Account[] = [ownAccount()];
const find = (name: string) => Promise.resolve(accounts.find((account) => account.name === name));
const logs = createServerLogs({ commands, accounts: { find }, dataDir: folder, uid: process.getuid?.() ?? 0 });
const running: SpawnHandle[] = [];
let count = 0;

async function endAll(): Promise<void> {
  for (const handle of running.splice(0)) {
    await spawner.stop(handle, 'kill');
    await until(async () => (await spawner.poll(handle)).state === 'gone');
  }
}

afterEach(endAll);
afterAll(async () => {
  await commands.close();
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

function planFor(account: Account, script: string): SpawnPlan {
  count += 1;
  const key = { owner: account.name, name: '' };
  const [logFile, runFile] = [logs.pathOf(key, account), join(folder, String(count))];
  const command = ['/bin/sh', '-c', script];
  const upstream = { kind: 'unix', path: '/nowhere' } as const;
  const env = { PATH: '/usr/bin:/bin', LOG: logFile };
  return { key, account, command, env, cwd: '/', umask: 0o022, options: {}, upstream, logFile, runFile };
}

async function run(plan: SpawnPlan): Promise<SpawnHandle> {
  const handle = await spawner.start(plan, () => {}, new AbortController().signal);
  running.push(handle);
  return handle;
}

const pidOf = (handle: SpawnHandle): number => (handle.kind === 'process' ? handle.process.pid : 0);
const noteOf = ({ runFile }: SpawnPlan): string => readFileSync(`${runFile}.note`, 'utf8');
const tailOf = ({ account: { name: owner }, logFile }: SpawnPlan, lines = 10) => logs.tail({ owner, logFile }, lines);
const says = (plan: SpawnPlan, text: string) =>
  until(
    async () => (await tailOf(plan)).includes(text),
    60_000,
    () => noteOf(plan),
  );

test('a log that the server makes as long as a disk is read from its end, and cut', async () => {
  const plan = planFor(ownAccount(), 'echo begin; truncate -s 1T "$LOG"; while :; do echo more; sleep 0.1; done');
  await run(plan);
  await says(plan, 'more');
  expect(statSync(plan.logFile).size).toBeGreaterThan(2 ** 39);
  await logs.cut([{ owner: plan.key.owner, logFile: plan.logFile }]);
  expect(statSync(plan.logFile).size).toBeLessThan(2 * 1024 * 1024);
  await says(plan, 'more');
  expect(statSync(plan.logFile).size).toBeLessThan(2 * 1024 * 1024);
  expect(existsSync(`${plan.logFile}.end`)).toBe(false);
});

test('a server goes on writing its log when the gateway is gone', async () => {
  const own = createJobPool({ threads: 1 });
  const plan = planFor(ownAccount(), 'while :; do echo line; sleep 0.1; done');
  const handle = await createAccountSpawner({ pool: own }).start(plan, () => {}, new AbortController().signal);
  running.push(handle);
  await own.close();
  await says(plan, 'line');
  const { size } = statSync(plan.logFile);
  await until(() => statSync(plan.logFile).size > size);
  expect(await spawner.poll(handle)).toEqual({ state: 'up' });
});

test('so many pages may follow the logs of one account, and another when one is closed', async () => {
  const follow = (signal: AbortSignal) =>
    logs.follow({ owner: 'alice', logFile: () => null, live: () => true, lines: 1, signal })[Symbol.asyncIterator]();
  const left = Array.from({ length: 8 }, () => new AbortController());
  const reads = left.map(({ signal }) => follow(signal).next());
  expect(() => follow(AbortSignal.timeout(1))).toThrow(expect.objectContaining({ code: 'request.rate' }));
  left[0]?.abort();
  await reads[0];
  const next = follow(AbortSignal.abort());
  expect(await next.next()).toMatchObject({ done: true });
  for (const one of left) one.abort();
  await Promise.all(reads);
});

describeWith(['root'], 'the log of an account, as root', () => {
  let alice: SystemAccount;
  let bob: SystemAccount;
  beforeAll(() => {
    [alice, bob] = [makeSystemAccount(), makeSystemAccount()];
    accounts = [alice, bob, ownAccount()];
  });
  afterAll(() => [alice, bob].forEach((account) => account.remove()));
  beforeEach(() => rmSync(join(alice.home, '.cylc'), { recursive: true, force: true }));
  const as = (account: Account, script: string) =>
    execFileSync('setpriv', [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups', 'sh', '-ec', script]);

  test('is a file of that account in its home, and the server has no file of ours', async () => {
    const plan = planFor(alice, 'echo hello; exec sleep 300');
    const handle = await run(plan);
    await says(plan, 'hello');
    expect(dirname(plan.logFile)).toBe(join(alice.home, '.cylc/gateway'));
    expect(statSync(plan.logFile)).toMatchObject({ uid: alice.uid, gid: alice.gid });
    expect(statSync(plan.logFile).mode & 0o777).toBe(0o600);
    expect(statSync(join(alice.home, '.cylc')).mode & 0o777).toBe(0o755);
    const open = readdirSync(`/proc/${pidOf(handle)}/fd`).map((fd) => statSync(`/proc/${pidOf(handle)}/fd/${fd}`));
    expect(open.filter((file) => file.isFile()).map(({ uid }) => uid)).toEqual([alice.uid, alice.uid]);
    expect(noteOf(plan)).toBe('');
    await endAll();
    const next = planFor(alice, 'echo again; exec sleep 300');
    await run(next);
    await says(next, 'again');
    expect(readFileSync(`${plan.logFile}.1`, 'utf8')).toBe('hello\n');
  });

  test.each([
    ['a link to a file of another', (path: string, secret: string) => `ln -s '${secret}' '${path}'`],
    ['a link to nowhere', (path: string) => `ln -s /nowhere/at/all '${path}'`],
    ['a named pipe', (path: string) => `mkfifo '${path}'`],
    ['a folder', (path: string) => `mkdir '${path}'`],
  ])('%s in its place is moved aside', async (_, make) => {
    const secret = join(bob.home, 'secret');
    writeFileSync(secret, 'secret of bob\n', { mode: 0o600 });
    const plan = planFor(alice, 'echo hello; exec sleep 300');
    as(alice, `mkdir -p '${dirname(plan.logFile)}'; ${make(plan.logFile, secret)}`);
    await run(plan);
    await says(plan, 'hello');
    expect(lstatSync(plan.logFile).isFile()).toBe(true);
    expect(readFileSync(secret, 'utf8')).toBe('secret of bob\n');
  });

  test.each([
    ['a link', (from: string, to: string) => symlinkSync(from, to)],
    ['a second name', (from: string, to: string) => linkSync(from, to)],
  ])('%s of a file of another in its place shows nothing, takes nothing and is not cut', async (_, join2) => {
    const secret = join(bob.home, `secret${count}`);
    writeFileSync(secret, 'secret of bob\n', { mode: 0o600 });
    truncateSync(secret, 2 ** 30);
    const plan = planFor(alice, '');
    as(alice, `mkdir -p '${dirname(plan.logFile)}'`);
    join2(secret, plan.logFile);
    expect(await tailOf(plan)).toBe('');
    await logs.cut([{ owner: alice.name, logFile: plan.logFile }]);
    expect(statSync(secret).size).toBe(2 ** 30);
  });

  test('a folder of it that leads elsewhere, or a pipe, holds up nobody', async () => {
    mkdirSync(join(bob.home, 'closed'));
    chmodSync(join(bob.home, 'closed'), 0o700);
    const plan = planFor(alice, 'echo here; exec sleep 300');
    as(alice, `mkdir '${alice.home}/.cylc'; ln -s '${bob.home}/closed' '${dirname(plan.logFile)}'`);
    const handle = await run(plan);
    await until(() => noteOf(plan).includes('here'));
    expect(noteOf(plan)).toMatch(/^There is no log of this start: .*denied/);
    expect(await spawner.poll(handle)).toEqual({ state: 'up' });
    expect(readdirSync(join(bob.home, 'closed'))).toEqual([]);
    rmSync(dirname(plan.logFile));
    as(alice, `mkdir '${dirname(plan.logFile)}'; mkfifo '${plan.logFile}'`);
    expect(await tailOf(plan)).toBe('');
  });

  test('on a disk that is full the server starts all the same, and its first words are kept', async () => {
    const home = join(folder, 'full');
    mkdirSync(home);
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=64k,nr_inodes=5,uid=${alice.uid}`, 'none', home]);
    try {
      const full = { ...alice, home };
      as(alice, `mkdir -p '${home}/.cylc/gateway' '${home}/a'; head -c 65536 /dev/zero > '${home}/data' || true`);
      const plan = planFor(
        full,
        'echo here; i=0; while [ $i -lt 9999 ]; do echo $i; i=$((i + 1)); done; exec sleep 300',
      );
      const handle = await run(plan);
      await until(() => noteOf(plan).length === 2000);
      expect(noteOf(plan)).toMatch(/^There is no log of this start: .*\nhere\n/);
      expect(await spawner.poll(handle)).toEqual({ state: 'up' });
      await endAll();
      // Room for the file, and for little in it.
      as(alice, `rm '${home}/data'`);
      const next = planFor(full, 'head -c 999999 /dev/zero; exec sleep 300');
      const other = await run(next);
      await until(() => existsSync(next.logFile) && statSync(next.logFile).size === 65_536);
      expect(await spawner.poll(other)).toEqual({ state: 'up' });
      await logs.cut([{ owner: alice.name, logFile: next.logFile }]);
    } finally {
      await endAll();
      execFileSync('umount', ['--lazy', home]);
    }
  });

  test('a start that failed is explained from it; where there is none, from what the launcher noted', async () => {
    const path = join(alice.home, 'cylc');
    writeFileSync(path, '#!/bin/sh\necho the moon is full >&2\nexit 3\n', { mode: 0o755 });
    const program = { id: 'small', title: 'Small', kind: 'cylc' as const, path, version: undefined };
    const world = await createServersWorld({ account: alice, programs: { list: () => [program] } });
    await world.start();
    expect((await world.became('failed')).failure).toMatchObject({ exitCode: 3, logTail: 'the moon is full' });
    as(alice, `rm -r '${alice.home}/.cylc'; echo > '${alice.home}/.cylc'`);
    await world.start();
    const { failure } = await until(() => {
      const view = world.servers.get(world.key);
      return view?.phase === 'failed' && view.failure?.logTail.includes('There is no log') ? view : undefined;
    });
    expect(failure?.logTail).toMatch(/^There is no log of this start: .*\nthe moon is full$/);
    await world.close();
    rmSync(join(alice.home, '.cylc'));
  });
});
