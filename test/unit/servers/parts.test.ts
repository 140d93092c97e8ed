import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readTail, redactCommand, redactText } from '../../../src/servers/logTail.ts';
import { createProgressLog } from '../../../src/servers/progressLog.ts';
import { parseStat } from '../../../workers/processes.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('events are replayed in full, repeated ones once, and nothing follows the final one', async () => {
  const log = createProgressLog({ now: () => 0 });
  for (const message of ['a', 'a', 'b']) log.add({ progress: 1, message, phase: 'starting' });
  const followed = collect(log.follow());
  log.end({ progress: 100, message: 'c', phase: 'ready', ready: true });
  log.add({ progress: 1, message: 'late', phase: 'starting' });
  expect((await followed).map(({ id, message }) => `${id}${message}`)).toEqual(['1a', '2b', '3c']);
  expect(await collect(log.follow())).toEqual(await followed);
});

test('a follower that goes away is let go, and endless talk does not fill the memory', async () => {
  const log = createProgressLog({ now: () => 0 });
  for (let index = 0; index < 2000; index += 1) log.add({ progress: 1, message: `${index}`, phase: 'starting' });
  const events = await collect(log.follow(AbortSignal.timeout(10)));
  expect(events.length).toBeLessThanOrEqual(500);
  expect(events.at(-1)?.message).toBe('1999');
});

test('the last lines of a log, whatever its size, without terminal codes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cg-log-'));
  const path = join(folder, 'log');
  writeFileSync(path, `${'x'.repeat(100_000)}\nä\n\u001B[31mred\u001B[0m\u0007\nlast\n`);
  expect(await readTail(path, 3)).toBe('ä\nred\nlast');
  expect(await readTail(path, 100, { maxBytes: 20 })).toBe('red\nlast');
  expect(await readTail(join(folder, 'none'), 3)).toBe('');
  rmSync(folder, { recursive: true });
});

test('secrets are removed from what the owner is shown', () => {
  expect(redactCommand(['x', '--IdentityProvider.token=abc', '--api-key', 'k', '--port=1'])).toBe(
    'x --IdentityProvider.token=[removed] --api-key [removed] --port=1',
  );
  expect(redactCommand(['x', '--password', 'p', '--debug'])).toBe('x --password [removed] --debug');
  expect(redactText('at http://h/?token=abc&x=1 with s3cret-s3cret', ['s3cret-s3cret', ''])).toBe(
    'at http://h/?token=[removed]&x=1 with [removed]',
  );
});

test('a process may be called anything', () => {
  const tail = `S 1 42 42 0 -1 4194560 ${'0 '.repeat(12)}987654 0`;
  expect(parseStat(`42 (a) b (c)) ${tail}`)).toEqual({
    pid: 42,
    state: 'S',
    startTime: '987654',
    group: 42,
    session: 42,
  });
});
