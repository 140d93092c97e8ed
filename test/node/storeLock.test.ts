import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { thisProcess } from '../../src/store/holder.ts';
import { takeLock } from '../../src/store/lock.ts';
import { freshFolder } from '../helpers/storeFixture.ts';

/** A `flock` that behaves as on a file system or machine where the kernel's lock is not to be had. */
function withFlock(script: string | undefined, body: () => void): void {
  const bin = join(freshFolder(), 'bin');
  mkdirSync(bin);
  if (script !== undefined) {
    writeFileSync(join(bin, 'flock'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, 'flock'), 0o755);
  }
  const before = process.env['PATH'];
  process.env['PATH'] = bin;
  try {
    body();
  } finally {
    process.env['PATH'] = before;
  }
}

function held(dataDir: string): void {
  expect(() => takeLock(dataDir, systemClock)).toThrow('Another gateway is using');
}

describe.each<[string, string | undefined]>([
  ['no flock command', undefined],
  ['a lock that its taker drops when it exits (NFS)', 'exit 0'],
  ['a file system that has no locks', 'exit 71'],
])('%s: the record of the process decides', (_, script) => {
  test('a live process keeps others out; its end lets them in', () => {
    withFlock(script, () => {
      const dataDir = freshFolder();
      const first = takeLock(dataDir, systemClock);
      held(dataDir);
      first.release();
      takeLock(dataDir, systemClock).release();
    });
  });

  test('a dead one does not, nor one of an earlier boot, nor another process that got its pid', async () => {
    const child = spawn('/bin/true');
    await once(child, 'exit');
    withFlock(script, () => {
      const me = thisProcess(0);
      for (const gone of [{ pid: child.pid }, { bootId: 'before' }, { startTime: '1' }]) {
        const dataDir = freshFolder();
        writeFileSync(join(dataDir, 'gateway.lock'), JSON.stringify({ ...me, ...gone }));
        takeLock(dataDir, systemClock).release();
      }
    });
  });

  test('a process of another machine, which cannot be looked at, keeps us out and is named', () => {
    withFlock(script, () => {
      const dataDir = freshFolder();
      const record = JSON.stringify({ ...thisProcess(0), host: `not-${hostname()}` });
      writeFileSync(join(dataDir, 'gateway.lock'), record);
      expect(() => takeLock(dataDir, systemClock)).toThrow(`on not-${hostname()}`);
      expect(readFileSync(join(dataDir, 'gateway.lock'), 'utf8')).toBe(record);
    });
  });

  test('a record that was cut off is nobody', () => {
    withFlock(script, () => {
      const dataDir = freshFolder();
      writeFileSync(join(dataDir, 'gateway.lock'), '{"pid": 1');
      takeLock(dataDir, systemClock).release();
    });
  });
});
