import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { auditPath, createAuditFile } from '../../src/telemetry/audit/file.ts';
import type { AuditFile } from '../../src/telemetry/audit/file.ts';
import { followAudit } from '../../src/telemetry/audit/follow.ts';
import { readAudit } from '../../src/telemetry/audit/read.ts';
import { describeWith } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { until } from '../helpers/until.ts';

function sh(...words: string[]): void {
  const { status, stderr } = spawnSync(words[0] ?? '', words.slice(1), { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
}

const start = Date.parse('2026-11-25T20:00:00.000Z');

function line(number: number, more: object = {}): string {
  const at = new Date(start + number * 1000).toISOString();
  return `${JSON.stringify({ at, what: 'visit', who: 'bob', owner: 'alice', number, ...more })}\n`;
}

function openFile(dataDir: string, more: { maxBytes?: number; files?: number } = {}) {
  const told: string[] = [];
  const file: AuditFile = createAuditFile({
    dataDir,
    maxBytes: 1e9,
    files: 3,
    onTrouble: (error) => told.push((error as NodeJS.ErrnoException).code ?? String(error)),
    onRecovery: (lost) => told.push(`again, ${lost} lost`),
    ...more,
  });
  return { file, told };
}

async function numbers(dataDir: string, query: object = {}): Promise<unknown[]> {
  const found = await readAudit({ dataDir, files: 10 }, { limit: 1e6, ...query });
  return found.map((record) => (record as unknown as { number: unknown }).number);
}

test('lines are there in order, newest read first, also across files and many pieces', async () => {
  const dataDir = shortFolder('audit');
  const { file } = openFile(dataDir, { maxBytes: 300_000, files: 10 });
  const pad = 'x'.repeat(150);
  for (let at = 0; at < 5000; at += 1) {
    file.add(line(at, { pad }));
    if (at % 500 === 0) await file.flush();
  }
  expect(await file.close()).toBe(0);
  expect(readdirSync(dataDir).length).toBeGreaterThan(3);
  const all = await numbers(dataDir);
  expect(all).toEqual(Array.from({ length: 5000 }, (_, at) => 4999 - at));
  expect(await numbers(dataDir, { limit: 3 })).toEqual([4999, 4998, 4997]);
  expect(await numbers(dataDir, { sinceMs: start + 4_998_000 })).toEqual([4999, 4998]);
});

test('files are bounded in number, and all are the gateway’s own', async () => {
  const dataDir = shortFolder('audit');
  const { file } = openFile(dataDir, { maxBytes: 1000, files: 3 });
  for (let at = 0; at < 200; at += 1) {
    file.add(line(at));
    await file.flush();
  }
  await file.close();
  expect(readdirSync(dataDir).sort()).toEqual(['audit.1.jsonl', 'audit.2.jsonl', 'audit.jsonl']);
  for (const name of readdirSync(dataDir)) {
    expect(statSync(join(dataDir, name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(dataDir, name)).size).toBeLessThanOrEqual(1000);
  }
  expect((await numbers(dataDir))[0]).toBe(199);
});

test('one file is the least that can be kept', async () => {
  const dataDir = shortFolder('audit');
  const { file } = openFile(dataDir, { maxBytes: 300, files: 1 });
  for (let at = 0; at < 20; at += 1) {
    file.add(line(at));
    await file.flush();
  }
  await file.close();
  expect(readdirSync(dataDir)).toEqual(['audit.jsonl']);
  expect((await numbers(dataDir))[0]).toBe(19);
});

test('half a line that a kill has left harms neither what comes after nor the reader', async () => {
  const dataDir = shortFolder('audit');
  writeFileSync(auditPath(dataDir, 0), `${line(1)}{"at":"2026-11-25T20:0`, { mode: 0o644 });
  const { file } = openFile(dataDir);
  file.add(line(2));
  await file.close();
  expect(await numbers(dataDir)).toEqual([2, 1]);
  expect(statSync(auditPath(dataDir, 0)).mode & 0o777).toBe(0o600);
});

test('a link that somebody put in its place is not followed', async () => {
  const dataDir = shortFolder('audit');
  const elsewhere = join(shortFolder('else'), 'file');
  symlinkSync(elsewhere, auditPath(dataDir, 0));
  const { file, told } = openFile(dataDir);
  file.add(line(1));
  await file.flush();
  expect(told).toEqual(['ELOOP']);
  expect(await file.close()).toBe(1);
  expect(existsSync(elsewhere)).toBe(false);
});

test('what is asked for is found, and nobody else’s', async () => {
  const dataDir = shortFolder('audit');
  const { file } = openFile(dataDir);
  file.add(line(1));
  file.add(line(2, { who: 'alice', owner: 'alice' }));
  file.add(line(3, { who: 'bob', owner: 'carol', detail: { note: 'alice' } }));
  file.add(line(4, { who: null, owner: 'alice', what: 'sign-in' }));
  file.add(line(5, { what: 'share.made' }));
  await file.close();
  expect(await numbers(dataDir, { account: 'alice' })).toEqual([5, 4, 2, 1]);
  expect(await numbers(dataDir, { account: 'alice', byOthers: true })).toEqual([5, 4, 1]);
  expect(await numbers(dataDir, { what: 'share' })).toEqual([5]);
  expect(await numbers(dataDir, { what: 'vis' })).toEqual([]);
  expect(await numbers(dataDir, { account: 'ali' })).toEqual([]);
});

test('who follows sees every line, across new files', async () => {
  const dataDir = shortFolder('audit');
  const { file } = openFile(dataDir, { maxBytes: 2000, files: 10 });
  file.add(line(0));
  await file.flush();
  const [seen, abort] = [[] as unknown[], new AbortController()];
  const following = (async () => {
    for await (const record of followAudit({ dataDir }, {}, { pollMs: 5, signal: abort.signal }))
      seen.push((record as unknown as { number: unknown }).number);
  })();
  await sleep(50);
  for (let at = 1; at <= 60; at += 1) {
    file.add(line(at));
    await file.flush();
    await sleep(10);
  }
  await until(() => seen.at(-1) === 60);
  abort.abort();
  await following;
  await file.close();
  expect(seen).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
});

describeWith(['root'], 'on a real disk that is full', () => {
  test('lines wait, none is torn, and they come when there is room', async () => {
    const dataDir = shortFolder('audit');
    sh('mount', '-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', dataDir);
    try {
      const ballast = join(dataDir, 'ballast');
      writeFileSync(ballast, Buffer.alloc(48 * 1024));
      const { file, told } = openFile(dataDir);
      for (let at = 0; at < 400; at += 1) file.add(line(at));
      await file.flush();
      expect(told).toEqual(['ENOSPC']);
      const text = existsSync(auditPath(dataDir, 0)) ? readFileSync(auditPath(dataDir, 0), 'utf8') : '';
      expect(text === '' || text.endsWith('\n')).toBe(true);
      rmSync(ballast);
      await until(() => told.length === 2);
      expect(told[1]).toBe('again, 0 lost');
      expect(await file.close()).toBe(0);
      expect(await numbers(dataDir)).toEqual(Array.from({ length: 400 }, (_, at) => 399 - at));
    } finally {
      sh('umount', '-l', dataDir);
    }
  });
});

test('a folder that is gone costs nobody more than the lines, and they are counted', async () => {
  const dataDir = join(shortFolder('audit'), 'gone');
  const { file, told } = openFile(dataDir);
  for (let at = 0; at < 25_000; at += 1) file.add(line(at));
  await file.flush();
  expect(told).toEqual(['ENOENT']);
  mkdirSync(dataDir);
  await until(() => told.length === 2);
  expect(told[1]).toBe('again, 5000 lost');
  expect(await file.close()).toBe(0);
});
