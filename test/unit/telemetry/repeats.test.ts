import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuditRecord } from '../../../src/telemetry/audit/record.ts';
import { createRepeats } from '../../../src/telemetry/audit/repeats.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function denial(from: string, more: Partial<AuditRecord> = {}): AuditRecord {
  const at = new Date(Date.now()).toISOString();
  const nothing = { as: null, target: null, owner: null, requestId: null, reason: null } as const;
  return {
    at,
    what: 'denied',
    result: 'denied',
    who: null,
    way: 'page',
    from,
    code: 'access.denied',
    ...nothing,
    ...more,
  };
}

function world() {
  const lines: AuditRecord[] = [];
  const repeats = createRepeats({ windowMs: 60_000, now: () => Date.now(), write: (line) => lines.push(line) });
  return { lines, repeats };
}

test('the first is written at once, the rest as a number at the end of the window', () => {
  const { lines, repeats } = world();
  for (let at = 0; at < 1000; at += 1) repeats.add(denial('a'));
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(60_000);
  expect(lines.map(({ repeated }) => repeated)).toEqual([undefined, 999]);
  vi.advanceTimersByTime(600_000);
  expect(lines).toHaveLength(2);
  repeats.add(denial('a'));
  expect(lines).toHaveLength(3);
});

test('another client, another reason and another owner’s server are lines of their own', () => {
  const { lines, repeats } = world();
  repeats.add(denial('a'));
  repeats.add(denial('b'));
  repeats.add(denial('a', { code: 'auth.expired' }));
  repeats.add(denial('a', { owner: 'alice', target: 'server alice/' }));
  repeats.add(denial('a', { owner: 'carol', target: 'server carol/' }));
  repeats.add(denial('a', { target: 'GET /hub/metrics' }));
  for (let at = 0; at < 9; at += 1) repeats.add(denial('a', { target: `GET /hub/api/users/${at}` }));
  expect(lines).toHaveLength(7);
});

test('no flood, however varied, writes more than a bounded number of lines, and none is left out of the count', () => {
  const { lines, repeats } = world();
  for (let at = 0; at < 50_000; at += 1) repeats.add(denial(`client ${at}`));
  vi.advanceTimersByTime(60_000);
  expect(lines.length).toBeLessThan(400);
  expect(lines.reduce((sum, { repeated = 1 }) => sum + repeated, 0)).toBe(50_000);
});

test('what was counted is written at the end of the program', () => {
  const { lines, repeats } = world();
  repeats.add(denial('a'));
  repeats.add(denial('a'));
  repeats.close();
  expect(lines.at(-1)).toMatchObject({ repeated: 1 });
});
