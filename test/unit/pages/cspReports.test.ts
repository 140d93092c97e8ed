import pino from 'pino';
import { expect, test } from 'vitest';
import { publicRoutes } from '../../../src/pages/publicRoutes.ts';

test('reports of browsers, which anybody may send, are logged up to a bound (S17)', async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const app = publicRoutes({ assets: [], log });
  const body = JSON.stringify({ 'csp-report': { 'blocked-uri': 'https://evil.example/' } });
  const send = (text: string) => app.request('/security/csp-report', { method: 'POST', body: text });
  for (let i = 0; i < 1000; i += 1) expect((await send(body)).status).toBe(204);
  expect(lines.length).toBeGreaterThan(100);
  expect(lines.length).toBeLessThan(400);
  expect(lines.every((line) => line.length < 3000)).toBe(true);
});
