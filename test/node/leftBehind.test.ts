import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseStat, readBootId } from '../../workers/processes.ts';
import type { ProcessHandle, Spawner, SpawnPlan } from '../../src/spawners/types.ts';
import { askUntrusted } from '../../src/cli/doctor/ask.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { JobPool } from '../../src/spawners/pool.ts';
import { createWarmSpawner } from '../../src/spawners/warm.ts';
import { runProcess } from '../../src/services/runProcess.ts';
import { makeFakeCylc } from '../helpers/fakeCylc.ts';
import { describeWith } from '../helpers/requires.ts';
import { keepSessionSecret } from '../helpers/sessionSecret.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';

const secret = 'ticket-of-root';
/** What a process of an account tells of itself: keys that it may use, and what it has of the gateway's otherwise. */
const tell = [
  '/bin/sh',
  '-c',
  'cat /proc/keys; echo; grep -E "^(Uid|Groups|Cap...|SigIgn)" /proc/self/status; ls -l /proc/self/fd; echo told',
];

/** Set for the whole file, before any thread is made: threads and processes are given it by whoever makes them. */
const hasKeyrings = process.getuid?.() === 0 && keepSessionSecret(secret);

describeWith(['root', 'python', 'sudo'], 'a process that root starts for an account', () => {
  let folder: string;
  let account: SystemAccount;
  let pool: JobPool;
  let helper: string;
  let user: { uid: number; gid: number };
  let count = 0;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'left-'));
    account = makeSystemAccount();
    user = { uid: account.uid, gid: account.gid };
    pool = createJobPool();
    // Where the account may read and run it, as a site has it.
    helper = join('/usr/local/libexec', `${account.name}-become`);
    mkdirSync('/usr/local/libexec', { recursive: true });
    copyFileSync(join(import.meta.dirname, '../../workers/sudo/become.py'), helper);
  });
  afterAll(async () => {
    await pool.close();
    account.remove();
    for (const path of [folder, helper]) rmSync(path, { recursive: true, force: true });
  });

  const plan = (command: readonly string[], more: Partial<SpawnPlan> = {}): SpawnPlan => {
    count += 1;
    const [logFile, runFile] = [join(account.home, 'logs', `${count}.log`), join(folder, `${count}`)];
    const env = { PATH: '/usr/bin:/bin' };
    const upstream = { kind: 'unix', path: '/nowhere' } as const;
    const key = { owner: account.name, name: '' };
    return { key, account, command, env, cwd: '/', logFile, runFile, upstream, umask: 0o077, options: {}, ...more };
  };
  const logOf = async (spawner: Spawner, what: SpawnPlan): Promise<string> => {
    const handle = await spawner.start(what, () => {}, new AbortController().signal);
    await until(async () => (await spawner.poll(handle)).state === 'gone');
    return readFileSync(what.logFile, 'utf8');
  };

  const ways: Readonly<Record<string, () => Promise<string>>> = {
    'the launcher': () => logOf(createAccountSpawner({ pool }), plan(tell)),
    sudo: () => logOf(createAccountSpawner({ pool, uid: 1, sudo: helper }), plan(tell)),
    'a short command': async () =>
      (await pool.run('command', { command: tell, env: {}, timeoutMs: 20_000, user })).stdout,
    'a short command by sudo': async () =>
      (await pool.run('command', { command: tell, env: {}, timeoutMs: 20_000, sudo: { helper, name: account.name } }))
        .stdout,
    'a service': async () => {
      const logFile = join(folder, 'service.log');
      const service = await runProcess({ command: tell, env: {}, cwd: '/', logFile, user: account });
      await service.ended;
      return readFileSync(logFile, 'utf8');
    },
    'the doctor, as nobody': async () =>
      (await askUntrusted(tell, { env: {}, signal: AbortSignal.timeout(20_000) })).stdout,
    'the fork server': async () => {
      const { cylc, python } = makeFakeCylc(join(folder, 'venv'));
      const runtimeDir = join(folder, 'run');
      mkdirSync(runtimeDir, { mode: 0o711 });
      const spawner = createAccountSpawner({ pool });
      const warm = createWarmSpawner({
        account: spawner,
        pool,
        dataDir: folder,
        runtimeDir,
        log: pino({ level: 'silent' }),
      });
      const more = { python: { python, version: '1.10.0' }, env: { PATH: '/usr/bin:/bin', SMALL_SERVER: 'tells' } };
      const told: string[] = [];
      const what = plan([cylc, 'hubapp'], more);
      const handle = await warm.start(what, (message) => void told.push(message), new AbortController().signal);
      await until(async () => (await warm.poll(handle)).state === 'gone');
      await warm.close();
      expect(told.join()).not.toContain('slow way');
      return readFileSync(what.logFile, 'utf8');
    },
  };

  test.each(Object.keys(ways))('has nothing of the session keyring of root: by %s', async (way) => {
    if (hasKeyrings) expect(readFileSync('/proc/keys', 'utf8')).toContain(secret);
    const said = await ways[way]!();
    expect(said).toContain('told');
    expect(said).not.toContain(secret);
    const uid = way.includes('nobody') ? 65_534 : account.uid;
    if (hasKeyrings) expect(said).toMatch(new RegExp(`^\\S+ \\S+ +\\d+ +\\S+ +\\S+ +${uid} +\\d+ +keyring +_ses`, 'm'));
    expect(said).toMatch(new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s+${uid}\\s+${uid}$`, 'm'));
    expect(said).toMatch(
      way.includes('nobody') ? /^Groups:\s*$/m : new RegExp(`^Groups:.*\\b${account.extraGid}\\b`, 'm'),
    );
    for (const set of ['Inh', 'Prm', 'Eff', 'Amb']) expect(said).toMatch(new RegExp(`^Cap${set}:\\s+0+$`, 'm'));
    const open = [...said.matchAll(/ (\d+) -> (\S+)/g)].filter(
      ([, number, to]) => Number(number) > 2 && !/\/proc\/\d+\/fd/.test(to!),
    );
    expect(open).toEqual([]);
  });

  test('nothing on the PATH of a server is run by root', async () => {
    const evil = join(folder, 'evil');
    const mark = join(folder, 'run-by-root');
    mkdirSync(evil);
    chmodSync(folder, 0o755);
    const script = `#!/bin/sh\n[ "$(/usr/bin/id -u)" != 0 ] || echo "$0" >> ${mark}\nexec /usr/bin/"\${0##*/}" "$@"\n`;
    for (const name of readdirSync('/usr/bin')) writeFileSync(join(evil, name), script, { mode: 0o755 });
    const what = plan(['sh', '-c', 'echo lives'], { env: { PATH: `${evil}:/usr/bin:/bin` }, limits: { core: 0 } });
    expect(await logOf(createAccountSpawner({ pool }), what)).toBe('lives\n');
    expect(existsSync(mark) ? readFileSync(mark, 'utf8') : '').toBe('');
  });

  describe('by sudo', () => {
    const bySudo = (): Spawner => createAccountSpawner({ pool, uid: 1, sudo: helper });

    test('what waits for it has nothing that the account could take: neither the note nor a way in', async () => {
      const handle = await bySudo().start(plan(['sleep', '300']), () => {}, new AbortController().signal);
      const { pid } = (handle as ProcessHandle).process;
      const waiter = Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
      expect(readFileSync(`/proc/${waiter}/cmdline`, 'utf8')).toContain(helper);
      await until(() => readlinkSync(`/proc/${waiter}/fd/1`) === '/dev/null');
      const look = [
        '--reuid',
        String(account.uid),
        '--regid',
        String(account.gid),
        '--clear-groups',
        'ls',
        `/proc/${waiter}/fd`,
      ];
      expect(spawnSync('setpriv', look, { encoding: 'utf8' }).stderr).toMatch(/Permission denied/);
      await bySudo().stop(handle, 'kill');
      await until(async () => (await bySudo().poll(handle)).state === 'gone');
    });

    test('a note of somebody else’s process, which the account has written, lets nobody signal that', async () => {
      const others = spawn('/bin/sleep', ['300'], { detached: true });
      const pid = others.pid ?? 0;
      const { startTime } = parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
      const which = { pid, startTime, bootId: readBootId() };
      const handle = {
        kind: 'process',
        process: which,
        runFile: join(folder, 'forged'),
        account: account.name,
      } as const;
      for (const how of ['term', 'kill'] as const) await bySudo().stop(handle, how);
      expect(others.kill(0)).toBe(true);
      expect(await bySudo().poll(handle)).toEqual({ state: 'up' });
      others.kill('SIGKILL');
    });
  });
});
