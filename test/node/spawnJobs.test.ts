import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { afterAll, expect, test } from 'vitest';
import { parseStat } from '../../workers/processes.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createRunAs } from '../../src/spawners/runAs.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { ProcessId, SpawnPlan } from '../../src/spawners/types.ts';
import { describeWith } from '../helpers/requires.ts';
import { ownAccount, runs } from '../helpers/serversWorld.ts';
import { until } from '../helpers/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'cg-jobs-'));
// Logs are opened as the account.
chmodSync(folder, 0o777);
const pool = createJobPool();
const spawner = createAccountSpawner({ pool });
let count = 0;

afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

function plan(command: readonly string[], more: Partial<SpawnPlan> = {}): SpawnPlan {
  count += 1;
  const account = ownAccount();
  const base = { env: { PATH: '/usr/bin:/bin' }, cwd: '/', umask: 0o022, options: {}, account, command };
  const upstream = { kind: 'unix', path: '/nowhere' } as const;
  const [logFile, runFile] = [join(folder, `${count}.log`), join(folder, `${count}`)];
  return { ...base, key: { owner: account.name, name: '' }, upstream, logFile, runFile, ...more };
}

const start = (what: SpawnPlan) => spawner.start(what, () => {}, new AbortController().signal);
const gone = async (what: SpawnPlan) => {
  const handle = await start(what);
  return until(async () => {
    const result = await spawner.poll(handle);
    return result.state === 'gone' && result;
  });
};

test.each([
  ['exit code 0', ['true'], { exitCode: 0, signal: null }],
  ['another exit code', ['sh', '-c', 'exit 7'], { exitCode: 7, signal: null }],
  ['a signal', ['sh', '-c', 'kill -TERM $$'], { exitCode: null, signal: 'SIGTERM' }],
  ['a missing program', ['no-such-program'], { exitCode: 127, signal: null }],
  ['a file that cannot be run', ['/etc/passwd'], { exitCode: 126, signal: null }],
])('%s of a process that ends at once is learnt', async (_, command, expected) => {
  expect(await gone(plan(command))).toMatchObject(expected);
});

test('arguments reach the program as they are: no shell reads them', async () => {
  const words = ['$(id)', '`id`', "'; rm -rf /; '", '*', 'a b', '', '-n', '--', 'ä'];
  const what = plan(['printf', '<%s>\\n', ...words]);
  await gone(what);
  expect(readFileSync(what.logFile, 'utf8')).toBe(words.map((word) => `<${word}>\n`).join(''));
});

test('signals are not ignored: SIGINT of a terminal inside the server works', async () => {
  const what = plan(['sh', '-c', 'grep SigIgn /proc/self/status']);
  await gone(what);
  expect(readFileSync(what.logFile, 'utf8')).toMatch(/SigIgn:\s+0+[01]000\n/);
});

test('a folder that is not there fails this start alone, and says so in the log', async () => {
  const what = plan(['true'], { cwd: '/no/such/home' });
  expect(await gone(what)).toMatchObject({ exitCode: 125 });
  expect(readFileSync(what.logFile, 'utf8')).toContain('/no/such/home');
});

test('resource limits hold for the server', async () => {
  const what = plan(['sh', '-c', 'ulimit -n; ulimit -c'], { limits: { nofile: 123, core: 0 } });
  await gone(what);
  expect(readFileSync(what.logFile, 'utf8')).toBe('123\n0\n');
});

test('a launcher that wakes up after its start was given up launches nothing', async () => {
  const what = plan(['sleep', '300']);
  expect(await spawner.recover(what)).toBeUndefined();
  expect(await spawner.recover(what)).toBeUndefined();
  await expect(start(what)).rejects.toMatchObject({ code: 'spawn.failed' });
});

test('a process that was launched is found by its start file alone', async () => {
  const what = plan(['sleep', '300']);
  const handle = await start(what);
  expect(await spawner.recover(what)).toEqual(handle);
  await spawner.stop(handle, 'kill');
  await until(async () => (await spawner.poll(handle)).state === 'gone');
});

test('servers outlive the threads that started them, and leave no zombie', async () => {
  const own = createJobPool({ threads: 1 });
  const other = createAccountSpawner({ pool: own });
  const handle = await other.start(plan(['sleep', '300']), () => {}, new AbortController().signal);
  await own.close();
  expect(await spawner.poll(handle)).toEqual({ state: 'up' });
  await spawner.stop(handle, 'term');
  await until(async () => (await spawner.poll(handle)).state === 'gone');
  const { pid } = handle.kind === 'process' ? handle.process : { pid: 0 };
  await until(() => {
    try {
      readFileSync(`/proc/${pid}/stat`);
      return false;
    } catch {
      return true;
    }
  });
});

test('a process that is gone is not signalled again', async () => {
  const handle = await start(plan(['true']));
  await until(async () => (await spawner.poll(handle)).state === 'gone');
  await spawner.stop(handle, 'term');
  await spawner.stop(handle, 'kill');
});

test('an unprivileged gateway starts no one else', async () => {
  const other = createAccountSpawner({ pool, uid: 1234 });
  const what = plan(['true']);
  await expect(other.start(what, () => {}, new AbortController().signal)).rejects.toMatchObject({
    code: 'spawn.failed',
  });
});

test('nor does it run a command of a batch system as itself for another account', async () => {
  const run = createRunAs({ pool, uid: 1234, timeoutMs: 1000, env: {} });
  const user = { name: 'alice', uid: 1235, gid: 1235, home: '/' };
  expect(await run(['id'], { user })).toMatchObject({ code: null, stdout: '', fault: expect.stringMatching(/sudo/) });
});

describeWith(['root'], 'as root', () => {
  test('a server gets the uid, gid and all groups of its account', async () => {
    const [name = '', , uid, gid] = userWithGroups();
    const account = { ...ownAccount(), name, uid: Number(uid), gid: Number(gid) };
    const what = plan(['sh', '-c', 'id -u; id -g; id -G; grep NoNewPrivs /proc/self/status'], { account });
    expect(await gone(what)).toMatchObject({ exitCode: 0 });
    const [seenUid, seenGid, seenGroups] = readFileSync(what.logFile, 'utf8').split('\n');
    expect([seenUid, seenGid]).toEqual([uid, gid]);
    expect(seenGroups?.split(' ')).toEqual(expect.arrayContaining(groupsOf(name)));
  });
});

function userWithGroups(): string[] {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter(([, , uid]) => uid !== '0' && uid);
  const found = users.find(([name = '']) => groupsOf(name).length > 0) ?? users[0];
  return found as string[];
}

function groupsOf(name: string): string[] {
  const lines = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  return lines.filter(([, , , members = '']) => members.split(',').includes(name)).map(([, , gid = '']) => gid);
}

describeWith(['root'], 'signals of root', () => {
  const identityOf = (pid: number): ProcessId => {
    const { startTime } = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
    return { pid, startTime, bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim() };
  };
  const stop = (pid: number, uid: number, how: 'term' | 'kill') =>
    pool.run('stop', { process: { ...identityOf(pid), uid }, how });

  test.each(['term', 'kill'] as const)(
    'reach no process of another user than whose it is noted as: %s',
    async (how) => {
      const others = spawn('/bin/sleep', ['300'], { detached: true });
      const pid = others.pid ?? 0;
      expect(await stop(pid, 65_534, how)).toEqual({ signalled: false });
      expect(await runs(pid)).toBe(true);
      // Nor what is left of its group.
      const gone = { pid, startTime: '1', bootId: identityOf(pid).bootId, uid: 65_534 };
      expect(await pool.run('stop', { process: gone, how })).toEqual({ signalled: false });
      expect(await stop(pid, 0, how)).toEqual({ signalled: true });
      await until(async () => !(await runs(pid)));
    },
  );

  test('never reach the gateway itself', async () => {
    for (const how of ['term', 'kill'] as const) {
      expect(await stop(process.pid, 0, how)).toEqual({ signalled: false });
      expect(await stop(process.pid, 65_534, how)).toEqual({ signalled: false });
    }
  });
});
