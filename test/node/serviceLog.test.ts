import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, expect, test } from 'vitest';
import { runProcess } from '../../src/services/runProcess.ts';
import { keepServiceLog } from '../../src/services/serviceLog.ts';
import { runs } from '../helpers/serversWorld.ts';
import { until } from '../helpers/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'cg-service-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('the log of a service that writes without end has two parts of 4 MiB at most', async () => {
  const path = join(folder, 'long');
  const chunks = Array.from({ length: 15 }, (_, index) => Buffer.alloc(1024 * 1024, index + 65));
  await keepServiceLog(path, Readable.from(chunks));
  expect(statSync(path).size).toBe(3 * 1024 * 1024);
  expect(statSync(`${path}.1`).size).toBe(4 * 1024 * 1024);
  expect(readFileSync(path, 'latin1').slice(-1)).toBe('O');
});

test('a service has no file of ours open, and its last words are in its log when it has ended', async () => {
  const logFile = join(folder, 'process');
  const script = 'for fd in 1 2; do readlink /proc/self/fd/$fd; done; echo bye >&2';
  const command = ['/bin/sh', '-c', script];
  const service = await runProcess({ command, env: { PATH: '/usr/bin:/bin' }, cwd: '/', logFile, user: undefined });
  expect(await service.ended).toEqual({ exitCode: 0, signal: null });
  expect(readFileSync(logFile, 'utf8')).toMatch(/^(pipe|socket):\[\d+\]\n(pipe|socket):\[\d+\]\nbye\n$/);
});

test('what a service left behind that holds its output does not hold up its end', async () => {
  const logFile = join(folder, 'left');
  const command = ['/bin/sh', '-c', 'sleep 300 & echo $!'];
  const service = await runProcess({ command, env: { PATH: '/usr/bin:/bin' }, cwd: '/', logFile, user: undefined });
  expect(await service.ended).toEqual({ exitCode: 0, signal: null });
  await service.stop(1);
  await until(async () => !(await runs(Number(readFileSync(logFile, 'utf8')))));
});
