import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { thisProcess } from '../../src/store/holder.ts';
import { takeLock } from '../../src/store/lock.ts';
import { freshFolder } from '../helpers/storeFixture.ts';

/** Path of a `flock` that behaves as on a file system or machine where the kernel's lock is not to be had. */
function flockOf(script: string | undefined): string | null {
  if (script === undefined) return null;
  const path = join(freshFolder(), 'flock');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}

function held(dataDir: string, flock?: string | null): void {
  expect(() => takeLock(dataDir, systemClock, flock)).toThrow('Another gateway is using');
}

describe.each<[string, string | undefined]>([
  ['no flock command', undefined],
  ['a lock that its taker drops when it exits (NFS)', 'exit 0'],
  ['a file system that has no locks', 'exit 71'],
])('%s: the record of the process decides', (_, script) => {
  test('a live process keeps others out; its end lets them in', () => {
    const flock = flockOf(script);
    const dataDir = freshFolder();
    const first = takeLock(dataDir, systemClock, flock);
    held(dataDir, flock);
    first.release();
    takeLock(dataDir, systemClock, flock).release();
  });

  test('a dead one does not, nor one of an earlier boot, nor another process that got its pid', async () => {
    const child = spawn('/bin/true');
    await once(child, 'exit');
    const flock = flockOf(script);
    const me = thisProcess(0);
    for (const gone of [{ pid: child.pid }, { bootId: 'before' }, { startTime: '1' }]) {
      const dataDir = freshFolder();
      writeFileSync(join(dataDir, 'gateway.lock'), JSON.stringify({ ...me, ...gone }));
      takeLock(dataDir, systemClock, flock).release();
    }
  });

  test('a process of another machine, which cannot be looked at, keeps us out and is named', () => {
    const flock = flockOf(script);
    const dataDir = freshFolder();
    const record = JSON.stringify({ ...thisProcess(0), host: `not-${hostname()}` });
    writeFileSync(join(dataDir, 'gateway.lock'), record);
    expect(() => takeLock(dataDir, systemClock, flock)).toThrow(`on not-${hostname()}`);
    expect(readFileSync(join(dataDir, 'gateway.lock'), 'utf8')).toBe(record);
  });

  test('a record that was cut off is nobody', () => {
    const flock = flockOf(script);
    const dataDir = freshFolder();
    writeFileSync(join(dataDir, 'gateway.lock'), '{"pid": 1');
    takeLock(dataDir, systemClock, flock).release();
  });
});
