import { expect, test } from 'vitest';
import { pipFault } from '../../../src/cli/cylc/pipFault.ts';

test.each([
  [
    'NewConnectionError: Failed to establish a new connection: [Errno -3] Temporary failure in name resolution',
    'index',
  ],
  ['ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device', 'disk is full'],
  ['ERROR: No matching distribution found for cylc-uiserver[hub]==99', 'no cylc-uiserver of that version'],
  ["ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/opt/x'", 'cannot be written'],
  ["  error: command 'gcc' failed: No such file", 'compiled'],
  ['something nobody has seen yet', 'pip failed'],
])('what pip says is put in plain words, with its last lines: %s', (stderr, words) => {
  const fault = pipFault(`Collecting cylc-uiserver\n${stderr}\n`);
  expect(fault.message).toContain(words);
  expect(fault.message).toContain(stderr.trim());
});

test('a connection that fails in the end is the network, although pip then also names no distribution', () => {
  const stderr = `WARNING: Retrying after connection broken by 'NewConnectionError(: Failed to establish a new connection)'
ERROR: Could not find a version that satisfies the requirement cylc-uiserver[hub] (from versions: none)
ERROR: No matching distribution found for cylc-uiserver[hub]`;
  expect(pipFault(stderr).message).toContain('cannot be reached');
});
