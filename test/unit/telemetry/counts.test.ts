import { expect, test } from 'vitest';
import { createEvents } from '../../../src/telemetry/events.ts';
import { createMetricRegistry } from '../../../src/telemetry/prometheus.ts';
import { hopBounds, RequestCounts } from '../../../src/telemetry/requestCounts.ts';
import { createTally, createTimings } from '../../../src/telemetry/tally.ts';
import { createVisits } from '../../../src/telemetry/visits.ts';

test('a histogram counts each time in the bucket of its bound, and tells them added up', async () => {
  const counts = new RequestCounts();
  for (const ms of [0.5, 1, 1.1, 9, 40_000]) counts.carried('server', 200, ms);
  const registry = createMetricRegistry();
  registry.histogram('hop', 'x', hopBounds, () => counts.durations());
  const { text } = await registry.render();
  const bucket = (le: string): string | undefined =>
    new RegExp(`hop_bucket\\{kind="server",le="${le}"\\} (\\d+)`, 'u').exec(text)?.[1];
  expect(['0.001', '0.0025', '0.01', '30', '\\+Inf'].map(bucket)).toEqual(['2', '3', '4', '4', '5']);
  expect(text).toContain('hop_count{kind="server"} 5');
  expect(Number(/hop_sum\{kind="server"\} (\S+)/.exec(text)?.[1])).toBeCloseTo(40.0116);
});

test.each([
  [101, '1xx'],
  [200, '2xx'],
  [304, '3xx'],
  [404, '4xx'],
  [499, 'gone'],
  [504, '5xx'],
  [999, '5xx'],
  [0, '1xx'],
])('status %i counts as %s', (status, label) => {
  const counts = new RequestCounts();
  counts.answered('api', status);
  expect(counts.requests().filter(({ value }) => value > 0)).toEqual([
    { labels: { kind: 'api', status: label }, value: 1 },
  ]);
});

test('labels that somebody could choose make no more than a bounded number of series', () => {
  const tally = createTally<'x'>();
  const times = createTimings<'x'>([1]);
  for (let at = 0; at < 5000; at += 1) {
    tally.add({ x: String(at) });
    times.add({ x: String(at) }, 2);
  }
  expect(tally.read().length).toBe(500);
  expect(times.read().length).toBe(500);
});

test('a label’s text cannot break out of its line', async () => {
  const registry = createMetricRegistry();
  registry.counter('n', 'x', () => [{ labels: { code: 'a"} 1\nforged 7' }, value: 1 }]);
  expect((await registry.render()).text).not.toMatch(/^forged/m);
});

test('a listener that throws costs the others and the worker nothing', () => {
  const [told, logged]: [unknown[], unknown[]] = [[], []];
  const events = createEvents({ error: (fields) => logged.push(fields) });
  events.on('keysFetched', () => {
    throw new Error('broken');
  });
  const stop = events.on('keysFetched', (event) => told.push(event));
  events.emit('keysFetched', { issuer: 'i', ok: true });
  stop();
  events.emit('keysFetched', { issuer: 'i', ok: false });
  expect(told).toEqual([{ issuer: 'i', ok: true }]);
  expect(logged).toHaveLength(2);
});

test('a visit is told once for a session and server, never of one’s own, and remembers a bounded number', () => {
  const told: unknown[] = [];
  const events = createEvents({ error: () => undefined });
  events.on('visit', (event) => told.push(event));
  const visits = createVisits(events);
  type Plan = Parameters<typeof visits>[0];
  const go = (sessionId: string, owner: string, level: string): void => {
    const target = { kind: 'server', owner, name: '' } as const;
    const plan = { access: { level, reason: level }, identity: { sessionId, account: { name: 'bob' } } };
    const req = { socket: { remoteAddress: '192.0.2.1' } };
    visits({ ...plan, route: { target, prefix: `/user/${owner}/` } } as Plan, req as never, { requestId: 'r' });
  };
  go('s1', 'bob', 'owner');
  go('s1', 'alice', 'read');
  go('s1', 'alice', 'read');
  go('s1', 'carol', 'admin');
  go('s2', 'alice', 'read');
  expect(told).toHaveLength(3);
  for (let at = 0; at < 20_001; at += 1) go(`n${at}`, 'alice', 'read');
  go('s2', 'alice', 'read');
  expect(told).toHaveLength(3 + 20_001 + 1);
});
