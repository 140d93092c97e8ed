import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { configSchema } from '../../src/config/schema.ts';
import { openAuthority } from '../../src/spawners/batch/authority.ts';
import { createDesk } from '../../src/spawners/batch/desk.ts';
import type { Desk } from '../../src/spawners/batch/desk.ts';
import { createJobSpawner } from '../../src/spawners/batch/jobSpawner.ts';
import { createRunAs } from '../../src/spawners/runAs.ts';
import { createCommandSystem } from '../../src/spawners/command/commandSystem.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import type { PollResult, Spawner, SpawnHandle, SpawnPlan } from '../../src/spawners/types.ts';
import { freePort } from '../helpers/gateway.ts';
import { createPbs } from '../helpers/pbs.ts';
import type { TestPbs } from '../helpers/pbs.ts';
import { ownAccount } from '../helpers/serversWorld.ts';
import { until } from '../helpers/until.ts';
import { describeWith } from '../helpers/requires.ts';

describeWith(['python'], 'a batch system by commands', () => {
  /** The documented PBS profile, on commands that fail as the real ones do. */
  const pool = createJobPool();
  let folder: string;
  let pbs: TestPbs;
  let spawner: Spawner;
  let desk: Desk;
  let port: number;
  let count = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'command-test-'));
    port = await freePort();
  });
  afterAll(async () => {
    await pool.close();
    await rm(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    pbs = await createPbs();
    const config = configSchema.parse(pbs.config).spawners.command['pbs']!;
    const env = config.variables;
    const clock = systemClock;
    const log = pino({ level: 'silent' });
    const run = createRunAs({ pool, uid: ownAccount().uid, timeoutMs: 1000, env });
    desk = createDesk({ clock, log });
    const places = {
      host: '127.0.0.1',
      port,
      bind: '127.0.0.1',
      address: 'peer',
      reportPath: '/r',
      python: 'python3',
    } as const;
    spawner = createJobSpawner(createCommandSystem({ kind: 'pbs', config, run, now: () => clock.now() }), {
      authority: await openAuthority({ dataDir: folder, clock }),
      desk,
      places: () => places,
      userOf: () => Promise.resolve({ ...ownAccount(), home: folder }),
      clock,
      log,
    });
  });
  afterEach(async () => {
    for (const command of ['qsub', 'qstat', 'qdel', 'qselect'] as const) await pbs.mood(command);
    for (const jobId of await pbs.jobs()) await spawner.stop({ kind: 'job', jobId }, 'kill');
    await until(async () =>
      (await Promise.all((await pbs.jobs()).map((id) => pbs.job(id)))).every(({ state }) => state === 'F'),
    );
    await pbs.close();
  });

  /** The name of a job holds the first twelve. */
  const startId = (number: number): string => `${String(number).padStart(12, '0')}abcd`;

  function plan(...submit: string[]): SpawnPlan {
    const runFile = join(folder, startId((count += 1)));
    const upstream = { kind: 'unix', path: join(folder, 'ui.sock') } as const;
    return {
      key: { owner: 'me', name: '' },
      account: { ...ownAccount(), home: folder },
      command: ['true'],
      env: {},
      upstream,
      umask: 0o22,
      options: {},
      submit,
      logFile: join(folder, 'log'),
      runFile,
      cwd: folder,
    };
  }

  const submit = (...args: string[]) => spawner.start(plan(...args), () => {}, AbortSignal.timeout(20_000));
  const idOf = (handle: SpawnHandle): string => (handle as { jobId: string }).jobId;

  async function becomes<S extends PollResult['state']>(handle: SpawnHandle, state: S) {
    let last: PollResult | undefined;
    await until(
      async () => (last = await spawner.poll(handle)).state === state,
      60_000,
      () => JSON.stringify(last),
    );
    return last as Extract<PollResult, { state: S }>;
  }

  test('arguments of the profile stand where the template says, as words of their own', async () => {
    const handle = await submit('-l', 'select=1:ncpus=2:mem=1024mb', '-A', 'a b; rm $HOME');
    const { args, name } = await pbs.job(idOf(handle));
    expect(args.slice(-4)).toEqual(['-l', 'select=1:ncpus=2:mem=1024mb', '-A', 'a b; rm $HOME']);
    expect(name).toMatch(/^cui\d{12}$/);
  });

  test('a job that waits says why, also where qstat has broken the line; a held one says that', async () => {
    const handle = await submit('-q', 'full');
    expect((await becomes(handle, 'pending')).detail).toBe(
      'Job 1.pbs waits in the queue: Not Running: Insufficient amount of resource: ncpus (R: 64 A: 12 T: 48).',
    );
    await pbs.change(idOf(handle), { state: 'H' });
    await until(async () => /it is held/.test(JSON.stringify(await spawner.poll(handle))));
  });

  test('what qsub refuses is told in its words', async () => {
    await expect(submit('-q', 'none')).rejects.toThrow('PBS did not take the job: qsub: Unknown queue.');
    await pbs.mood('qsub', 'refuse');
    await expect(submit()).rejects.toThrow('cannot connect to server pbs');
    await pbs.mood('qsub', 'garbage');
    await expect(submit()).rejects.toThrow('did not take the job');
    expect(await pbs.jobs()).toEqual([]);
  });

  test('a qsub that hangs after it has submitted loses no job; one that hangs before leaves none', async () => {
    await pbs.mood('qsub', 'lost');
    const handle = await submit();
    expect(await pbs.jobs()).toEqual([idOf(handle)]);
    await pbs.mood('qsub', 'hang');
    await expect(submit()).rejects.toThrow('no answer in 1 s');
  });

  test.each([
    ['hang', /no answer in 1 s/],
    ['refuse', /cannot connect to server/],
    ['garbage', /something else/],
    ['silent', /something else/],
  ] as const)('a qstat that is in the mood %s proves nothing', async (mood, why) => {
    const handle = await submit();
    await becomes(handle, 'up');
    await pbs.mood('qstat', mood);
    expect((await becomes(handle, 'unknown')).why).toMatch(why);
    await pbs.mood('qstat');
    await becomes(handle, 'up');
  });

  test('a job that has gone from the history is gone; its exit code nobody knows', async () => {
    const handle = await submit('-q', 'full');
    await becomes(handle, 'pending');
    await pbs.change(idOf(handle), undefined);
    expect(await becomes(handle, 'gone')).toMatchObject({ exitCode: null, signal: null });
  });

  test.each([
    [0, { exitCode: 0, signal: null }],
    [3, { exitCode: 3, signal: null }],
    [137, { exitCode: null, signal: 'SIGKILL' }],
    [267, { exitCode: null, signal: 'SIGSEGV' }],
    [271, { exitCode: null, signal: null, detail: 'PBS: its job was deleted (job 1.pbs)' }],
    [-29, { exitCode: null, detail: 'PBS: its job has used up its time (job 1.pbs)' }],
    [-1, { exitCode: null, detail: 'PBS: PBS could not run its job (job 1.pbs)' }],
  ])('a finished job with Exit_status %d', async (exit, expected) => {
    const handle = await submit('-q', 'full');
    await pbs.change(idOf(handle), { state: 'F', exit });
    expect(await becomes(handle, 'gone')).toMatchObject(expected);
  });

  test('qdel ends a job that waits, and one that runs; of one that is gone it is no failure', async () => {
    for (const args of [['-q', 'full'], []]) {
      const handle = await submit(...args);
      await spawner.stop(handle, 'term');
      expect((await becomes(handle, 'gone')).detail).toMatch(/deleted/);
      await spawner.stop(handle, 'kill');
    }
    await spawner.stop({ kind: 'job', jobId: '99.pbs' }, 'term');
  });

  test('a submission that was cut off is found by its name; what cannot be asked keeps its name', async () => {
    const cut = plan();
    const handle = await spawner.start(cut, () => {}, AbortSignal.timeout(20_000));
    expect(await spawner.recover(cut)).toMatchObject({ jobId: idOf(handle) });
    await pbs.mood('qselect', 'refuse');
    const byName = await spawner.recover(cut);
    expect(byName).toMatchObject({ jobId: '' });
    expect(await spawner.poll(byName!)).toMatchObject({ state: 'unknown' });
    await pbs.mood('qselect');
    await becomes(byName!, 'up');
    const never = plan();
    expect(await spawner.recover(never)).toBeUndefined();
    const report = { port: 1, node: 'n', address: 'peer', pid: 1, log: '' };
    expect(await desk.take(startId(count), report, '::ffff:10.0.0.1')).toBe(410);
  });
});
