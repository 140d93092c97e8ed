import { expect, test } from 'vitest';
import { parseExit, parseQueue, readState } from '../../../src/spawners/slurm/jobState.ts';

const job = { id: '12', state: 'RUNNING', reason: '', host: 'n1', startTime: '', name: 'cylc-ui-ab' };

test('squeue’s lines are read, with what it does not know left empty', () => {
  const text = '12|RUNNING|None|n1|2026-11-24T03:20:34|cylc-ui-ab\n7|PENDING|Priority|n/a|N/A|a|b\n';
  expect(parseQueue(text)).toEqual([
    { ...job, startTime: '2026-11-24T03:20:34' },
    { id: '7', state: 'PENDING', reason: 'Priority', host: '', startTime: '', name: 'a|b' },
  ]);
  expect(parseQueue('\n')).toEqual([]);
});

test.each(['slurm_load_jobs error: Unable to contact slurm controller', '12|RUNNING', 'x|RUNNING|a|b|c|d', '<html>'])(
  'a line of another shape proves nothing: %s',
  (line) => {
    expect(() => parseQueue(line)).toThrow('something else');
  },
);

test.each([
  ['PENDING', 'Priority', 'pending', /jobs of higher priority go first \(Priority\)/],
  ['PENDING', 'ReqNodeNotAvail, UnavailableNodes:n2', 'pending', /a node that it needs is not available/],
  ['PENDING', 'QOSMaxCpuPerUserLimit', 'pending', /a limit of your account/],
  ['PENDING', 'SomethingNew', 'pending', /SomethingNew/],
  ['PENDING', '', 'pending', /has not looked at it yet/],
  ['CONFIGURING', '', 'pending', /being made ready/],
  ['SUSPENDED', '', 'up', /SUSPENDED/],
  ['CANCELLED', '', 'gone', /was cancelled/],
  ['TIMEOUT', 'TimeLimit', 'gone', /time limit/],
  ['PREEMPTED', '', 'gone', /make way/],
  ['NODE_FAIL', '', 'gone', /node .* failed or was lost/],
  ['OUT_OF_MEMORY', '', 'gone', /more memory/],
  ['QUANTUM', '', 'unknown', /QUANTUM/],
] as const)('%s (%s) means %s', (state, reason, meaning, words) => {
  const result = readState({ ...job, state, reason });
  expect(result.state).toBe(meaning);
  expect(JSON.stringify(result)).toMatch(words);
});

test('the exit code of a job, or the signal that ended it', () => {
  expect(parseExit('JobId=1 JobState=FAILED Reason=NonZeroExitCode ExitCode=3:0 RunTime=1')).toEqual({
    state: 'FAILED',
    exitCode: 3,
    signal: null,
  });
  expect(parseExit('JobState=FAILED ExitCode=0:9')).toMatchObject({ exitCode: null, signal: 9 });
  expect(parseExit('slurm_load_jobs error: Invalid job id specified')).toBeUndefined();
});
