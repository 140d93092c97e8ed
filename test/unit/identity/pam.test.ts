import { expect, test } from 'vitest';
import { createPam } from '../../../src/identity/pam.ts';
import type { PamAnswer } from '../../../workers/protocol.ts';

/** What PAM's return codes become; the module itself is tested with the real PAM. */
function codeOf(answer: PamAnswer): Promise<string> {
  const pool = { run: () => Promise.resolve(answer), close: () => Promise.resolve() };
  const pam = createPam({ service: 'login', timeoutMs: 1000, clock: { now: () => 0 }, pool: () => pool });
  return pam.check({ name: 'alice', password: 'x', address: '' }).then((one) => (one.ok ? 'ok' : one.error.code));
}

test.each([
  ['authenticate', 7, 'auth.password'],
  ['authenticate', 10, 'auth.password'],
  ['authenticate', 13, 'auth.password'],
  ['authenticate', 11, 'auth.locked'],
  ['authenticate', 9, 'auth.unavailable'],
  ['account', 13, 'auth.account-expired'],
  ['account', 12, 'auth.password-expired'],
  ['account', 27, 'auth.password-expired'],
  ['account', 6, 'auth.not-allowed'],
  ['account', 7, 'auth.not-allowed'],
  ['account', 11, 'auth.locked'],
  ['load', 4, 'auth.unavailable'],
  ['start', 26, 'auth.unavailable'],
] as const)('PAM’s %s with %d is %s', async (step, code, expected) => {
  expect(await codeOf({ ok: false, step, code, message: '' })).toBe(expected);
});

test('after three missed deadlines PAM is left alone for half a minute', async () => {
  const clock = { at: 0, now: () => clock.at };
  let asked = 0;
  const run = (): Promise<never> => {
    asked += 1;
    return Promise.reject(Object.assign(new Error('late'), { name: 'AbortError' }));
  };
  const pam = createPam({
    service: 'login',
    timeoutMs: 1,
    clock,
    pool: () => ({ run, close: () => Promise.resolve() }),
  });
  const check = () => pam.check({ name: 'alice', password: 'x', address: '' });
  for (let time = 0; time < 6; time += 1) expect(await check()).toMatchObject({ error: { code: 'auth.unavailable' } });
  expect(asked).toBe(3);
  clock.at += 30_001;
  await check();
  expect(asked).toBe(4);
});

test('a password that is none never reaches PAM', async () => {
  const pool = (): never => {
    throw new Error('asked');
  };
  const pam = createPam({ service: 'login', timeoutMs: 1, clock: { now: () => 0 }, pool });
  for (const password of ['', 'a\0b', 'x'.repeat(1025)])
    expect(await pam.check({ name: 'alice', password, address: '' })).toMatchObject({
      error: { code: 'auth.password' },
    });
});
