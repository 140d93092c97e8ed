import { expect, test } from 'vitest';
import { takeActivation } from '../../../src/config/socketActivation.ts';

test('the one socket that systemd passes to this process is taken, and no child is told of it', () => {
  const env = { LISTEN_FDS: '1', LISTEN_PID: '42', LISTEN_FDNAMES: 'http', PATH: '/bin' };
  expect(takeActivation(env, 42)).toBe(3);
  expect(env).toEqual({ PATH: '/bin' });
});

test.each([
  ['none', {}],
  ['one for another process', { LISTEN_FDS: '1', LISTEN_PID: '41' }],
  ['no process named', { LISTEN_FDS: '1' }],
])('%s: nothing is taken', (_, env) => {
  expect(takeActivation(env, 42)).toBeUndefined();
  expect(env).toEqual({});
});

test('several are refused: which is the one?', () => {
  expect(() => takeActivation({ LISTEN_FDS: '2', LISTEN_PID: '42' }, 42)).toThrow(/2 sockets/);
});
