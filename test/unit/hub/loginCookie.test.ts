import { expect, test } from 'vitest';
import { tokenInLoginCookie } from '../../../src/hub/loginCookie.ts';
import { signedValue } from '../../helpers/signedValue.ts';

test('reads the token, also from a value in double quotes', () => {
  const value = signedValue('jupyterhub-user-alice', 'cgw_abc-1');
  expect(tokenInLoginCookie(value)).toBe('cgw_abc-1');
  expect(tokenInLoginCookie(`"${value}"`)).toBe('cgw_abc-1');
});

test.each([
  '',
  '2|',
  '1|1:0|1:1|1:n|4:YWJj|s',
  '2|1:0|1:1|1:n',
  '2|1:0|1:1|9:n|4:YWJj|s',
  '2|1:0|1:1|1:n|4:Y\u0000Jj|s',
  '2|x:0|1:1|1:n|4:YWJj|s',
  '2|99999:0|',
])('%j has no token', (value) => {
  expect(tokenInLoginCookie(value)).toBeUndefined();
});
