import { describe, expect, test } from 'vitest';
import { scopeKinds } from '../../../src/hub/scopes/definitions.ts';
import { expandScopes, scopeFault } from '../../../src/hub/scopes/expand.ts';
import { covers, formatScopes, intersectScopes, parseScopes } from '../../../src/hub/scopes/scopeSet.ts';

const groupsOf = (user: string): string[] => (user === 'bob' ? ['wx'] : []);
const set = (...scopes: string[]) => parseScopes(scopes);

describe('what a scope includes', () => {
  test('a scope brings along what it includes, with its filter', () => {
    expect(expandScopes(['list:users!group=wx'], {})).toEqual(['list:users!group=wx', 'read:users:name!group=wx']);
  });

  test('a filter on a server says nothing of users', () => {
    expect(expandScopes(['read:servers!server=a/x'], {})).toEqual(['read:servers!server=a/x']);
  });

  test('self and filters without a name mean the owner, and nothing without one', () => {
    expect(expandScopes(['self'], { user: 'bob' })).toContain('servers!user=bob');
    expect(expandScopes(['access:servers!server'], { user: 'bob', server: 'bob/' })).toEqual([
      'access:servers!server=bob/',
    ]);
    expect(expandScopes(['self', 'users!user', 'access:servers!server'], { service: 'culler' })).toEqual([]);
  });

  test('shares never bring access along: the gate decides that', () => {
    expect(expandScopes(['shares'], {})).not.toContain('access:servers');
  });

  test('every scope that another includes exists', () => {
    const included = Object.values(scopeKinds).flatMap(({ includes = [] }) => includes);
    expect(included.filter((name) => !Object.hasOwn(scopeKinds, name))).toEqual([]);
  });

  test.each(['nonsense', 'users!planet=mars', 'users!group', 'constructor'])('%s is no scope', (scope) => {
    expect(scopeFault(scope)).toBeDefined();
    if (!scope.startsWith('users')) expect(expandScopes([scope], { user: 'bob' })).toEqual([]);
  });
});

describe('what a set covers', () => {
  test.each([
    ['servers', 'server', 'bob/x', true],
    ['servers!user=bob', 'server', 'bob/x', true],
    ['servers!user=bob', 'server', 'bobby/x', false],
    ['servers!server=bob/x', 'server', 'bob/x', true],
    ['servers!server=bob/x', 'server', 'bob/', false],
    ['servers!server=bob/x', 'user', 'bob', false],
    ['servers!group=wx', 'server', 'bob/x', true],
    ['servers!group=wx', 'user', 'bob', true],
    ['servers!group=wx', 'user', 'erin', false],
    ['servers!group=wx', 'group', 'wx', true],
    ['servers!user=', 'user', '', false],
    ['servers!planet=mars', 'user', 'mars', false],
  ] as const)('%s on %s %s: %s', (scope, kind, name, expected) => {
    expect(covers(set(scope), 'servers', { kind, name }, groupsOf)).toBe(expected);
  });

  test('a filtered scope does not cover everything', () => {
    expect(covers(set('servers!user=bob'), 'servers', undefined, groupsOf)).toBe(false);
  });
});

describe('what two sets have in common', () => {
  test.each([
    [['users'], ['users!user=bob'], ['users!user=bob']],
    [['servers!user=bob'], ['servers!server=bob/x', 'servers!server=erin/'], ['servers!server=bob/x']],
    [['servers!group=wx'], ['servers!user=bob', 'servers!user=erin'], ['servers!user=bob']],
    [['users!user=bob'], ['users!user=erin'], []],
    [['users'], ['groups'], []],
  ])('%j and %j: %j', (one, other, both) => {
    expect(formatScopes(intersectScopes(set(...one), set(...other), groupsOf))).toEqual(both);
    expect(formatScopes(intersectScopes(set(...other), set(...one), groupsOf))).toEqual(both);
  });
});
