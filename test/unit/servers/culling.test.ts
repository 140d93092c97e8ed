import { expect, test } from 'vitest';
import { isPersonal } from '../../../src/proxy/activityRules.ts';
import { plannedStop } from '../../../src/servers/culling.ts';

const noon = Date.parse('2026-06-01T12:00:00Z');
const at = (minutes: number): string => new Date(noon + minutes * 60_000).toISOString();
const rules = { idleTimeoutS: 3600, maxAgeS: 36_000, cullWarningS: 600 };
const used = { phase: 'ready' as const, startedAt: at(-120), lastActivityAt: at(-30) };
const now = { nowMs: noon, earliestMs: 0 };

test.each([
  ['an hour after it was last used', used, { at: at(30), why: 'idle', soon: false }],
  ['with a warning ten minutes before', { ...used, lastActivityAt: at(-51) }, { at: at(9), why: 'idle', soon: true }],
  [
    'counted from its start where nobody used it',
    { ...used, lastActivityAt: null, startedAt: at(-10) },
    { at: at(50) },
  ],
  [
    'at its greatest age though it is used',
    { ...used, startedAt: at(-590), lastActivityAt: at(0) },
    { at: at(10), why: 'age' },
  ],
  ['not before its owner wants', { ...used, keepUntil: at(300) }, { at: at(300), soon: false }],
])('a server is stopped %s', (_, view, expected) => {
  expect(plannedStop(view, rules, now)).toMatchObject(expected);
});

test('no rule, no stop; and none of a server that does not run', () => {
  expect(plannedStop(used, { cullWarningS: 600 }, now)).toBeUndefined();
  expect(plannedStop({ ...used, phase: 'starting' }, rules, now)).toBeUndefined();
});

test('after a restart of the gateway there is time for the warning', () => {
  const long = { ...used, lastActivityAt: at(-600) };
  expect(plannedStop(long, rules, { nowMs: noon, earliestMs: noon + 600_000 })).toMatchObject({
    at: at(10),
    soon: true,
  });
});

test.each([
  ['a page load', 'GET', '/user/alice/cylc/', { 'sec-fetch-mode': 'navigate' }, true],
  ['a mutation', 'POST', '/user/alice/cylc/graphql', { 'sec-fetch-mode': 'cors' }, true],
  ['what a page asks for by itself', 'GET', '/user/alice/api/kernels', { 'sec-fetch-mode': 'cors' }, false],
  ['a file of a page', 'GET', '/user/alice/cylc/assets/x.js', { 'sec-fetch-mode': 'no-cors' }, false],
  ['a program', 'GET', '/user/alice/cylc/graphql', {}, true],
  ['a look whether it is up', 'GET', '/user/alice/api', {}, false],
])('%s: does it count as use?', (_, method, path, headers, expected) => {
  expect(isPersonal({ method, path, rawHeaders: Object.entries(headers).flat() })).toBe(expected);
});
