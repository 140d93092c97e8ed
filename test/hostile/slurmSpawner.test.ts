import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { openAuthority } from '../../src/spawners/batch/authority.ts';
import { createDesk } from '../../src/spawners/batch/desk.ts';
import type { Desk } from '../../src/spawners/batch/desk.ts';
import { createRunAs } from '../../src/spawners/runAs.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import { createJobSpawner } from '../../src/spawners/batch/jobSpawner.ts';
import { createSlurmSystem } from '../../src/spawners/slurm/slurmSystem.ts';
import type { PollResult, Spawner, SpawnHandle, SpawnPlan } from '../../src/spawners/types.ts';
import { freePort } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { ownAccount } from '../helpers/serversWorld.ts';
import { startSlurm } from '../helpers/slurm.ts';
import type { TestSlurm } from '../helpers/slurm.ts';
import { until } from '../helpers/until.ts';

/** What Slurm does to jobs, and what becomes of it: no server gets so far as to start here. */
describeWith(['slurm', 'root'], 'jobs of a real Slurm', () => {
  const pool = createJobPool();
  let slurm: TestSlurm;
  let folder: string;
  let spawner: Spawner;
  let desk: Desk;
  let port: number;
  /** Programs that stand in for Slurm's own. */
  const instead = new Map<string, string>();
  let count = 0;

  beforeAll(async () => {
    slurm = await startSlurm();
    folder = await mkdtemp(join(tmpdir(), 'slurm-test-'));
    port = await freePort();
    const log = pino({ level: 'silent' });
    const clock = systemClock;
    desk = createDesk({ clock, log });
    const places = {
      host: '127.0.0.1',
      port,
      bind: '127.0.0.1',
      address: 'peer',
      reportPath: '/hub/api/relay',
      python: 'python3',
    } as const;
    const system = createSlurmSystem({
      run: createRunAs({ pool, uid: 0, timeoutMs: 2500, env: { SLURM_CONF: slurm.conf } }),
      tool: (name) => instead.get(name) ?? name,
      submit: [],
      maxAgeMs: 100,
      now: () => clock.now(),
    });
    spawner = createJobSpawner(system, {
      authority: await openAuthority({ dataDir: folder, clock }),
      desk,
      places: () => places,
      userOf: () => Promise.resolve({ ...ownAccount(), home: folder }),
      clock,
      log,
    });
  });
  afterAll(async () => {
    await pool.close();
    await slurm?.close();
    await rm(folder, { recursive: true, force: true });
  });

  afterEach(() => instead.clear());

  function plan(...submit: string[]): SpawnPlan {
    const account = { ...ownAccount(), home: folder };
    const runFile = join(folder, `start${(count += 1)}`);
    const upstream = { kind: 'unix', path: join(folder, 'ui.sock') } as const;
    const files = { logFile: join(folder, 'log'), runFile, cwd: folder };
    return {
      key: { owner: 'root', name: '' },
      account,
      command: ['true'],
      env: {},
      upstream,
      umask: 0o22,
      options: {},
      submit,
      ...files,
    };
  }

  const submit = (...args: string[]): Promise<SpawnHandle> =>
    spawner.start(plan('--mem=50', ...args), () => {}, AbortSignal.timeout(20_000));

  async function becomes<S extends PollResult['state']>(handle: SpawnHandle, state: S, timeoutMs = 15_000) {
    let last: PollResult | undefined;
    await until(
      async () => (last = await spawner.poll(handle)).state === state,
      timeoutMs,
      () => JSON.stringify(last),
    );
    return last as Extract<PollResult, { state: S }>;
  }

  async function end(handle: SpawnHandle): Promise<void> {
    await spawner.stop(handle, 'kill');
    await becomes(handle, 'gone');
    await spawner.forget(handle);
  }

  /** A program that does something else than Slurm's own of that name. */
  async function pretend(name: string, script: string): Promise<void> {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${script}\n`);
    await chmod(path, 0o755);
    instead.set(name, path);
  }

  test('a job that is held says so, and runs once it is released', async () => {
    const handle = await submit('--hold');
    expect((await becomes(handle, 'pending')).detail).toMatch(/held by its owner \(JobHeldUser\)/);
    await slurm.run('scontrol', 'release', (handle as { jobId: string }).jobId);
    await becomes(handle, 'up');
    await end(handle);
  });

  test('a job that has to make way for another is told so', async () => {
    const handle = await submit('--cpus-per-task=4');
    await becomes(handle, 'up');
    const urgent = await slurm.run(
      'sbatch',
      '--parsable',
      '--partition=urgent',
      '--cpus-per-task=4',
      '--output=/dev/null',
      '--wrap=sleep 60',
    );
    expect((await becomes(handle, 'gone', 25_000)).detail).toMatch(/make way.*PREEMPTED/);
    await slurm.run('scancel', urgent.trim());
  });

  test('the exit code of a job is told, as far as Slurm remembers it', async () => {
    await writeFile(join(folder, 'fails.sh'), '#!/bin/sh\nexit 7\n');
    const jobId = (await slurm.run('sbatch', '--parsable', '--output=/dev/null', join(folder, 'fails.sh'))).trim();
    expect(await becomes({ kind: 'job', jobId }, 'gone')).toMatchObject({ exitCode: 7, signal: null });
    expect(await becomes({ kind: 'job', jobId: '99999' }, 'gone')).toMatchObject({ exitCode: null, signal: null });
  });

  test('a controller that is away, a command that hangs and one that talks nonsense prove nothing', async () => {
    const handle = await submit();
    await becomes(handle, 'up');
    await slurm.kill('slurmctld', 'SIGTERM');
    expect((await becomes(handle, 'unknown')).why).toMatch(/squeue/);
    slurm.start('slurmctld');
    await becomes(handle, 'up', 25_000);
    for (const [script, why] of [
      ['sleep 60', /no answer in/],
      ['echo "Welcome to the cluster!"', /something else/],
      ['exit 1', /exit code 1/],
      ['kill -9 $$', /SIGKILL/],
    ] as const) {
      await pretend('squeue', script);
      await until(async () => why.test(JSON.stringify(await spawner.poll(handle))));
    }
    instead.clear();
    await becomes(handle, 'up');
    await end(handle);
  });

  test('a submission that hangs after the job has been taken loses no job', async () => {
    await pretend('sbatch', '/usr/bin/sbatch "$@"; sleep 60');
    const handle = await submit();
    instead.clear();
    await becomes(handle, 'up');
    await end(handle);
  });

  test('a submission that was cut off is found again by its name; what was given up is told to end', async () => {
    const cut = plan('--mem=50');
    const handle = await spawner.start(cut, () => {}, AbortSignal.timeout(20_000));
    expect(await spawner.recover(cut)).toMatchObject({ jobId: (handle as { jobId: string }).jobId });
    await end(handle);
    const never = plan();
    expect(await spawner.recover(never)).toBeUndefined();
    expect(
      await desk.take(`start${count}`, { port: 1, node: 'n', address: 'peer', pid: 1, log: '' }, '127.0.0.1'),
    ).toBe(410);
  });

  test('a recovery that cannot ask proves nothing: the job keeps its name until Slurm can be asked', async () => {
    const cut = plan('--mem=50');
    const handle = await spawner.start(cut, () => {}, AbortSignal.timeout(20_000));
    await pretend('squeue', 'exit 1');
    const byName = (await spawner.recover(cut)) as SpawnHandle;
    expect(await spawner.poll(byName)).toMatchObject({ state: 'unknown' });
    instead.clear();
    await becomes(byName, 'up');
    await end(byName);
    await becomes(handle, 'gone');
  });

  test('a job whose node is lost is told so', async () => {
    const handle = await submit();
    await becomes(handle, 'up');
    await slurm.kill('slurmd', 'SIGKILL');
    expect((await becomes(handle, 'gone', 50_000)).detail).toMatch(/node .* was lost .*NODE_FAIL/);
    slurm.start('slurmd');
  });
});
