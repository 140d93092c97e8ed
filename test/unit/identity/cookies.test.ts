import { expect, test } from 'vitest';
import { cookieNames, cookieValues, isOwnCookie, missingHubSession } from '../../../src/identity/cookies.ts';

test.each([
  ['absent', undefined, []],
  ['alone', 'a=1', ['1']],
  ['among others', 'x=0; a=1; y=2', ['1']],
  ['twice, in the order sent', 'a=old; b=0; a=new', ['old', 'new']],
  ['not as the end of another name', 'xa=1; b-a=2', []],
  ['not as the beginning of another name', 'ab=1', []],
  ['not inside a value', 'b=a=1', []],
  ['quoted', 'a="1"', ['1']],
  ['without blanks', 'b=1;a=2', ['2']],
  ['empty', 'a=; b=1', ['']],
  ['value with an equals sign', 'a=b==; c=1', ['b==']],
  ['at most four of one name', 'a=1;a=2;a=3;a=4;a=5', ['1', '2', '3', '4']],
])('finds a cookie: %s', (_title, header, values) => {
  expect(cookieValues(header, 'a')).toEqual(values);
});

test('names by prefix, in the order sent', () => {
  expect(cookieNames('p-1=x; q=p-; p-2=y', 'p-')).toEqual(['p-1', 'p-2']);
});

test('knows its own cookies by both spellings, and leaves the UI servers theirs', () => {
  for (const name of ['cylc-gateway', '__Host-cylc-gateway', 'cylc-gateway-login-x'])
    expect(isOwnCookie(name)).toBe(true);
  for (const name of ['cylc', 'jupyterhub-session-id', 'jupyterhub-user-alice', '_xsrf'])
    expect(isOwnCookie(name)).toBe(false);
});

test('the id that UI servers tie their forms to is set where it is missing or another session’s', () => {
  expect(missingHubSession('a=1; jupyterhub-session-id=x-1', 'x-1', true)).toBeUndefined();
  for (const header of [undefined, 'a=1', 'jupyterhub-session-id=x-2'])
    expect(missingHubSession(header, 'x-1', true)).toBe(
      'jupyterhub-session-id=x-1; Path=/; HttpOnly; SameSite=Lax; Secure',
    );
});
