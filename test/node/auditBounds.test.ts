import { closeSync, ftruncateSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { createAudit } from '../../src/telemetry/audit/createAudit.ts';
import { auditPath } from '../../src/telemetry/audit/file.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { shortFolder } from '../helpers/shortFolder.ts';

/** A page of the audit trail looks through so much of it at most, however much there is and whatever it holds. */
const maxReadBytes = 32 * 1024 * 1024;

const log = createLog({ level: 'error', format: 'json' });
let dataDir: string;
beforeEach(() => {
  dataDir = shortFolder('audit');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(dataDir, { recursive: true });
});

const line = (who: string, number: number): string =>
  `${JSON.stringify({ at: '2026-11-25T20:00:00.000Z', what: 'visit', who, owner: who, number, pad: 'x'.repeat(400) })}\n`;

/** Numbers of the lines about alice that a page finds, and how many bytes were read from the disk for it. */
async function look(limit = 50): Promise<{ numbers: unknown[]; bytesRead: number }> {
  const audit = createAudit({
    config: configSchema.parse({}).audit,
    dataDir,
    events: createEvents(log),
    clock: { now: Date.now },
    log,
  });
  const handle = await open(dataDir, 'r');
  const reads = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'read');
  await handle.close();
  const found = await audit.list({ account: 'alice', limit });
  const results = await Promise.all(reads.mock.results.map(({ value }) => value as Promise<{ bytesRead: number }>));
  await audit.close();
  const numbers = found.map((record) => (record as unknown as { number: unknown }).number);
  return { numbers, bytesRead: results.reduce((sum, { bytesRead }) => sum + bytesRead, 0) };
}

test('what is older than so much of others is not looked for, also in earlier files', async () => {
  const others = line('bob', 0);
  const half = others.repeat(Math.ceil((0.6 * maxReadBytes) / others.length));
  writeFileSync(auditPath(dataDir, 1), line('alice', 1) + half + line('alice', 2));
  writeFileSync(auditPath(dataDir, 0), line('alice', 3) + half + line('alice', 4));
  expect(await look()).toEqual({ numbers: [4, 3, 2], bytesRead: maxReadBytes });
});

test('a short page reads no more than it takes', async () => {
  writeFileSync(auditPath(dataDir, 0), line('bob', 0).repeat(10_000) + line('alice', 1));
  const { numbers, bytesRead } = await look(1);
  expect(numbers).toEqual([1]);
  expect(bytesRead).toBeLessThan(1024 * 1024);
});

test('a hole that a broken disk left is not read to its end', async () => {
  const file = openSync(auditPath(dataDir, 0), 'w');
  writeSync(file, line('alice', 1));
  ftruncateSync(file, 4 * maxReadBytes);
  writeSync(file, `\n${line('alice', 2)}`, 4 * maxReadBytes);
  closeSync(file);
  expect(await look()).toEqual({ numbers: [2], bytesRead: maxReadBytes });
});
