import { expect, test } from 'vitest';
import { createAccountRules } from '../../../src/identity/accountRules.ts';
import { accountRuleSchema } from '../../../src/config/sections/identityRules.ts';

type Claims = Record<string, unknown>;

function rules(
  list: object[],
  more: { require?: Record<string, string | boolean>; groups?: { claim: string; required: boolean } } = {},
) {
  return createAccountRules({ account: list.map((one) => accountRuleSchema.parse(one)), require: {}, ...more });
}

function nameBy(list: object[], claims: Claims): string | undefined {
  const mapped = rules(list).map(claims);
  return mapped.ok ? mapped.name : undefined;
}

const email = { claim: 'email', pattern: '([a-z]+)@example\\.org' };

test.each([
  ['the claim as it is', [{ claim: 'sub' }], { sub: 'alice' }, 'alice'],
  ['a verified address', [email], { email: 'alice@example.org', email_verified: true }, 'alice'],
  ['a verified address, said by text', [email], { email: 'alice@example.org', email_verified: 'true' }, 'alice'],
  ['the first group of a pattern', [email], { email: 'alice@example.org' }, 'alice'],
  ['a named group', [{ claim: 'u', pattern: '(?<n>.+)@X', name: '$<n>' }], { u: 'bob@X' }, 'bob'],
  ['a template', [{ claim: 'u', pattern: '(\\w)\\w*\\.(\\w+)', name: '$1$2' }], { u: 'jane.doe' }, 'jdoe'],
  ['a table', [{ claim: 'sub', table: { '0815': 'alice' } }], { sub: '0815' }, 'alice'],
  ['a pattern, then a table', [{ ...email, table: { jane: 'jdoe' } }], { email: 'jane@example.org' }, 'jdoe'],
  ['a claim inside another', [{ claim: 'ext.unix.name' }], { ext: { unix: { name: 'alice' } } }, 'alice'],
  ['a claim whose name has dots', [{ claim: 'https://x.org/user' }], { 'https://x.org/user': 'alice' }, 'alice'],
  ['lower case where asked for', [{ claim: 'sub', lowerCase: true }], { sub: 'Alice' }, 'alice'],
  ['the next rule where one does not match', [email, { claim: 'sub' }], { email: 'a@b', sub: 'alice' }, 'alice'],
])('a rule gives %s', (_, list, claims, name) => {
  expect(nameBy(list, claims)).toBe(name);
});

test.each([
  ['two @ in an address', [email], { email: 'alice@example.org@evil.org' }],
  ['the pattern in the middle alone', [email], { email: 'xalice@example.org.evil' }],
  ['a second line', [email], { email: 'alice@example.org\nroot@example.org' }],
  ['an address that is not verified', [email], { email: 'alice@example.org', email_verified: false }],
  ['one that is not, said by text', [email], { email: 'alice@example.org', email_verified: 'false' }],
  ['one of which something odd is said', [email], { email: 'alice@example.org', email_verified: 1 }],
  ['one of which nothing is said, in a way', [email], { email: 'alice@example.org', email_verified: null }],
  ['one with a word that is neither', [email], { email: 'alice@example.org', email_verified: 'yes' }],
  ['a list', [{ claim: 'sub' }], { sub: ['alice'] }],
  ['a number', [{ claim: 'sub' }], { sub: 0 }],
  ['an empty claim', [{ claim: 'sub' }], { sub: '' }],
  ['a missing claim', [{ claim: 'upn' }], { sub: 'alice' }],
  ['a name of the prototype', [{ claim: 'constructor.name' }], {}],
  ['a table entry of the prototype', [{ claim: 'sub', table: {} }], { sub: 'toString' }],
  ['an endless claim', [{ claim: 'sub' }], { sub: 'a'.repeat(256) }],
  ['a group that took no part', [{ claim: 'sub', pattern: '(x)?alice' }], { sub: 'alice' }],
])('no rule gives a name for %s', (_, list, claims) => {
  expect(nameBy(list, claims)).toBeUndefined();
});

test('claims that must have a value are asked first, in lists too', () => {
  const asked = rules([{ claim: 'sub' }], { require: { tenant: 'us', roles: 'cylc' } });
  expect(asked.map({ sub: 'a', tenant: 'us', roles: ['cylc'] })).toMatchObject({ ok: true });
  for (const claims of [{ sub: 'a' }, { sub: 'a', tenant: 'us', roles: [] }, { sub: 'a', tenant: 'u', roles: 'cylc' }])
    expect(asked.map(claims)).toMatchObject({ ok: false });
});

test('truth is read from text too, where truth is asked for', () => {
  const asked = rules([{ claim: 'sub' }], { require: { email_verified: true, guest: false } });
  for (const [verified, guest] of [
    [true, false],
    ['true', 'false'],
    ['True', 'FALSE'],
  ])
    expect(asked.map({ sub: 'a', email_verified: verified, guest })).toMatchObject({ ok: true });
  for (const email_verified of [false, 'false', 'yes', '1', 1, '', null, undefined, ['true'], { true: true }])
    expect(asked.map({ sub: 'a', email_verified, guest: false })).toMatchObject({ ok: false });
  expect(rules([{ claim: 'sub' }], { require: { tier: 'true' } }).map({ sub: 'a', tier: true })).toMatchObject({
    ok: false,
  });
});

test('the last known groups count where a claim is missing, and nowhere else', () => {
  const of = (claims: object, required = true) =>
    rules([{ claim: 'sub' }], { groups: { claim: 'groups', required } }).map({ sub: 'a', ...claims }, ['claim:ops']);
  expect(of({})).toMatchObject({ ok: true, groups: ['claim:ops'] });
  expect(of({ groups: [] })).toMatchObject({ ok: true, groups: [] });
  expect(of({ groups: ['wx'] })).toMatchObject({ ok: true, groups: ['claim:wx'] });
  expect(of({ groups: 7 })).toMatchObject({ ok: false });
  expect(of({ groups: 7 }, false)).toMatchObject({ ok: true, groups: [] });
});

const overage = { _claim_names: { groups: 'src1' } };

test.each([
  ['missing', {}],
  ['left out, with a place to ask instead', overage],
  ['text', { groups: 'ops' }],
  ['too many', { groups: Array.from({ length: 301 }, (_, index) => `g${index}`) }],
  ['one of them no text', { groups: ['ops', 7] }],
  ['one of them with a newline', { groups: ['ops', 'a\nb'] }],
  ['one of them endless', { groups: ['ops', 'x'.repeat(129)] }],
])('a groups claim that is %s gives no group, or refuses where one is required', (_, claims) => {
  const of = (required: boolean) => rules([{ claim: 'sub' }], { groups: { claim: 'groups', required } });
  expect(of(false).map({ sub: 'alice', ...claims })).toMatchObject({ ok: true, groups: [] });
  expect(of(true).map({ sub: 'alice', ...claims })).toMatchObject({ ok: false });
});

test('groups of a claim bear their origin, so that none can pass for one of the system', () => {
  const mapped = rules([{ claim: 'sub' }], { groups: { claim: 'groups', required: true } }).map({
    sub: 'alice',
    groups: ['ops', 'system:wheel', 'ops'],
  });
  expect(mapped).toMatchObject({ groups: ['claim:ops', 'claim:system:wheel'] });
});

test('the trace tells what became of each rule', () => {
  expect(rules([email, { claim: 'sub' }]).trace({ email: 'x', sub: 'alice' })).toEqual([
    { rule: 1, claim: 'email', outcome: 'the pattern does not match' },
    { rule: 2, claim: 'sub', outcome: 'gives the name', name: 'alice' },
  ]);
});

test('a pattern that is none is refused with the configuration', () => {
  expect(accountRuleSchema.safeParse({ claim: 'sub', pattern: '(' }).success).toBe(false);
});
