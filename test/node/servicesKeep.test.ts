import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { keepRunning } from '../../src/services/keepRunning.ts';
import type { Kept, KeepOptions } from '../../src/services/keepRunning.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { until } from '../helpers/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'keep-'));
const logFile = join(folder, 'log');
/** Written at each start: the log itself is of the last start alone. */
const startsFile = join(folder, 'starts');
const ups: number[] = [];
const downs: number[] = [];
let kept: Kept | undefined;

afterEach(async () => {
  await kept?.stop();
  rmSync(startsFile, { force: true });
  ups.length = 0;
  downs.length = 0;
});

afterAll(() => rmSync(folder, { recursive: true }));

function keep(script: string, more: Partial<KeepOptions> = {}): Kept {
  const env = { PATH: '/usr/bin:/bin' };
  const plan = {
    command: ['/bin/sh', '-c', `date +%s%N >>${startsFile}; ${script}`],
    env,
    cwd: '/',
    logFile,
    user: undefined,
  };
  kept = keepRunning({
    name: 'small',
    plan: () => Promise.resolve(plan),
    onUp: () => void ups.push(performance.now()),
    onDown: () => void downs.push(performance.now()),
    clock: systemClock,
    log: createLog({ level: 'fatal', format: 'json' }),
    ...more,
  });
  kept.start();
  return kept;
}

/** When each start was, ms, as the script says. */
const starts = (): number[] =>
  readFileSync(startsFile, 'utf8')
    .match(/\d{10,}/g)!
    .map((ns) => Number(ns) / 1e6);

/** Once the script itself runs: a process can be up before that. */
const scriptRuns = (): Promise<boolean> => until(() => existsSync(startsFile));

test('one that ends at once is started again, after waits that double', async () => {
  const service = keep('exit 3', { backOffMs: 100 });
  await until(() => service.restarts >= 3);
  // Without a look of its own it is up for as long as it runs, be that a moment.
  await until(() => service.phase === 'failed');
  expect(service.reason).toContain('code 3');
  const waits = starts().flatMap((at, index, all) => (index === 0 ? [] : [at - all[index - 1]!]));
  expect(waits.length).toBeGreaterThanOrEqual(2);
  for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(100 * 2 ** index);
});

test('while it is started again it still says why it ended, and no longer once it is ready', async () => {
  let answers = true;
  const service = keep('exec sleep 60', { backOffMs: 1, probeEveryMs: 5, probe: () => Promise.resolve(answers) });
  await until(() => service.phase === 'ready');
  answers = false;
  await until(() => service.restarts === 1 && service.phase === 'starting');
  expect(service.reason).toBe('it no longer answers');
  answers = true;
  await until(() => service.phase === 'ready');
  expect(service.reason).toBeNull();
});

test('one that no longer answers is ended and started anew', async () => {
  let answers = true;
  const service = keep('exec sleep 60', {
    backOffMs: 10,
    probeEveryMs: 20,
    probe: () => Promise.resolve(answers),
  });
  await until(() => service.phase === 'ready');
  const { pid } = service;
  answers = false;
  await until(() => service.phase !== 'ready');
  answers = true;
  await until(() => service.phase === 'ready');
  expect(service.pid).not.toBe(pid);
  expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  expect([ups.length, downs.length]).toEqual([2, 1]);
});

test('one look that fails is no reason', async () => {
  let looks = 0;
  const service = keep('exec sleep 60', {
    probeEveryMs: 10,
    probe: () => Promise.resolve((looks += 1) % 3 !== 0),
  });
  await until(() => looks > 20);
  expect(service.restarts).toBe(0);
});

test('a stopped one stays so', async () => {
  const service = keep('exec sleep 60', { backOffMs: 1 });
  await until(() => service.phase === 'ready');
  await scriptRuns();
  const { pid } = service;
  await service.stop();
  expect(service.phase).toBe('stopped');
  expect(() => process.kill(pid!, 0)).toThrow('ESRCH');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(starts()).toHaveLength(1);
});
