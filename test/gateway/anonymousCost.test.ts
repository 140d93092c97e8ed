import { expect, test } from 'vitest';
import { anonymous } from '../bench/anonymous.ts';

/**
 * What strangers may send costs the main thread next to nothing, at its worst. The bound of the bench is 5 ms on a machine
 * of its own; here it leaves room for a slow one. Whatever grows with the square of its input is far beyond: 480 ms for
 * the parameters of an address, 1,700 ms for the fields of a form.
 */
test('no address costs a stranger’s worst request much', async () => {
  const of = [
    '/hub/login',
    '/hub/logout',
    '/hub/api/oauth2/token',
    '/hub/backchannel_logout',
    '/hub/oidc/auth',
    '/user/alice',
  ];
  const figures = await anonymous({ rounds: 2, of });
  expect(figures.length).toBeGreaterThan(200);
  expect(figures.filter(({ cpuMs }) => cpuMs > 50)).toEqual([]);
  expect(figures.filter(({ status }) => status >= 500)).toEqual([]);
});
