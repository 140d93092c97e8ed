import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createJobPool } from '../../src/spawners/pool.ts';
import { describeWith } from '../helpers/requires.ts';

const holder = fileURLToPath(new URL('../helpers/heldMemory.py', import.meta.url));
const [mallory, bob] = [54_321, 54_322];

describeWith(['root', 'fuse'], 'an account with a process whose memory cannot be read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cg-held-'));
  const pool = createJobPool();
  const children: ChildProcess[] = [];
  const socketOf = (uid: number): string => `--ServerApp.sock=${folder}/${uid}/12345678.sock`;

  beforeAll(async () => {
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'mounted'));
    const held = spawn('python3', [holder, String(mallory), join(folder, 'mounted'), socketOf(mallory)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const asBob = [
      `--reuid=${bob}`,
      `--regid=${bob}`,
      '--clear-groups',
      '/usr/bin/python3',
      '-c',
      'import time; time.sleep(600)',
    ];
    children.push(held, spawn('setpriv', [...asBob, socketOf(bob)], { stdio: 'ignore' }));
    await once(held.stdout, 'data');
  });
  afterAll(async () => {
    const [held, other] = children;
    held?.stdin?.end();
    other?.kill('SIGKILL');
    await Promise.all(children.map(async (child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
    await pool.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('holds up no look at those of others, and no thread', async () => {
    const found = [{ uid: bob, socket: socketOf(bob).split('=')[1] }];
    expect(await pool.run('strays', { folder, uid: bob })).toMatchObject(found);
    const looks = Array.from({ length: 8 }, () => pool.run('strays', { folder }));
    for (const look of await Promise.all(looks)) expect(look).toMatchObject(found);
    expect(await pool.answers(20_000)).toBe(true);
  }, 60_000);

  test('is itself looked at no more for a while', async () => {
    await pool.run('strays', { folder, uid: mallory });
    expect(await pool.run('strays', { folder, uid: mallory })).toEqual([]);
  }, 60_000);
});
