import pino from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { createLogGate } from '../../../src/telemetry/logGate.ts';

afterEach(() => vi.useRealTimers());

test('a flood of refusals is cut to some lines, and their number told; later ones are written again', () => {
  vi.useFakeTimers();
  const lines: Record<string, unknown>[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  let now = 0;
  const gated = createLogGate(log, 'info', () => now);
  for (let i = 0; i < 5000; i += 1) gated({ i }, 'request refused');
  expect(lines.length).toBe(200);
  vi.advanceTimersByTime(10_000);
  expect(lines.at(-1)).toMatchObject({ level: 40, count: 4800 });
  now = 1000;
  for (let i = 0; i < 100; i += 1) gated({ i }, 'request refused');
  expect(lines.length).toBe(221);
});
