import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { findSilentJobs } from '../../src/servers/silentJobs.ts';
import { createAccountCommands } from '../../src/spawners/accountCommands.ts';
import { ownAccount } from '../helpers/serversWorld.ts';

const commands = createAccountCommands();
const folder = mkdtempSync(join(tmpdir(), 'cg-jobs-'));
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(folder, 'home-'));
});
afterAll(async () => {
  await commands.close();
  rmSync(folder, { recursive: true });
});

const missing = '/home/a/cylc-run/x/.service/etc/job.sh: line 111: cylc: command not found\nand more\n';

/** A job as Cylc leaves it: one that has begun says when. */
function job(workflow: string, name: string, files: { err: string; begun?: boolean; runs?: boolean }): string {
  const log = join(home, 'cylc-run', workflow, 'log/job', name);
  mkdirSync(log, { recursive: true });
  mkdirSync(join(home, 'cylc-run', workflow, '.service'), { recursive: true });
  if (files.runs !== false) writeFileSync(join(home, 'cylc-run', workflow, '.service/contact'), '');
  const begun = files.begun === true ? 'CYLC_JOB_INIT_TIME=2026-11-30T12:00:00Z\n' : '';
  writeFileSync(join(log, 'job.status'), `CYLC_JOB_RUNNER_NAME=background\nCYLC_JOB_ID=12\n${begun}`);
  writeFileSync(join(log, 'job.err'), files.err);
  return join(log, 'job.err');
}

const find = () => findSilentJobs(commands, { ...ownAccount(), home });

test('a job that never began is named, with the first line of what it wrote', async () => {
  job('tiny', '1/first/01', { err: missing });
  job('group/deep/run1', '20260101T0000Z/last/02', { err: 'bash: no such module\n' });
  expect((await find()).toSorted((a, b) => a.id.localeCompare(b.id))).toEqual([
    { id: 'group/deep/run1//20260101T0000Z/last/02', error: 'bash: no such module' },
    { id: 'tiny//1/first/01', error: missing.split('\n', 1)[0] },
  ]);
});

test('one that has begun, wrote nothing, is of yesterday, or of a workflow that does not run, is not', async () => {
  job('tiny', '1/begun/01', { err: 'a warning', begun: true });
  job('tiny', '1/quiet/01', { err: '' });
  job('stopped', '1/a/01', { err: missing, runs: false });
  const old = new Date(Date.now() - 2 * 86_400_000);
  utimesSync(job('tiny', '1/old/01', { err: missing }), old, old);
  expect(await find()).toEqual([]);
});

test('names that are odd, much of it, and no folder at all do no harm', async () => {
  expect(await find()).toEqual([]);
  job('tiny', '1/$(touch x)/01', { err: `\u0000\u001B[31m${'x'.repeat(100_000)}` });
  for (let at = 0; at < 20; at += 1) job('tiny', `${at}/many/01`, { err: missing });
  symlinkSync('/', join(home, 'cylc-run/root'));
  const found = await find();
  expect(found).toHaveLength(5);
  expect(found.every(({ error }) => error.length <= 300)).toBe(true);
});
