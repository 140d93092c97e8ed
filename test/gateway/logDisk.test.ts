import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startGateway } from '../helpers/gateway.ts';
import { describeWith } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { repository } from '../helpers/sources.ts';

/** A log that cannot be written is no fault of what is logged. */
test.each(['json', 'text'])('a log of %s on a disk that is full costs nobody an answer', async (format) => {
  const gateway = await startGateway({
    by: ['/bin/sh', '-c', 'exec "$@" 2>/dev/full', 'sh'],
    args: ['--set', 'log.level=debug', '--set', `log.format=${format}`],
  });
  try {
    for (let index = 0; index < 20; index += 1) {
      const headers = { authorization: `token wrong${index}` };
      expect((await fetch(`${gateway.origin}/user/nobody${index}/x`, { headers })).status).toBe(401);
    }
    expect(await gateway.end()).toBe(0);
  } finally {
    await gateway.end('SIGKILL');
    rmSync(gateway.dataDir, { recursive: true, force: true });
  }
});

/** Logs a thousand lines for each line that it is told, and says when it has. */
const chatty = `
import { createLog } from '${join(repository, 'src/telemetry/log.ts')}';
const log = createLog({ level: 'info', format: 'json' });
for await (const said of process.stdin) {
  for (let index = 0; index < 1000; index += 1) log.info({ said: String(said).trim(), padding: 'x'.repeat(400) }, 'a line');
  process.stdout.write('done');
}`;

describeWith(['root'], 'a small disk of its own', () => {
  let disk: string;
  beforeEach(() => {
    disk = shortFolder('cg-log');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=700', 'tmpfs', disk]);
  });
  afterEach(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  });

  test('when there is room again, the log says how many lines were lost, and all lines are whole', async () => {
    const [file, full] = [join(disk, 'log'), join(disk, 'full')];
    const log = openSync(file, 'a');
    const child = spawn(process.execPath, ['--input-type=module', '--eval', chatty], { stdio: ['pipe', 'pipe', log] });
    closeSync(log);
    const say = async (word: string): Promise<void> => {
      child.stdin!.write(`${word}\n`);
      await once(child.stdout!, 'data');
    };
    const { bavail, bsize } = statfsSync(disk);
    // Ends in the middle of a line.
    writeFileSync(full, Buffer.alloc(bavail * bsize - 20 * bsize));
    await say('full');
    rmSync(full);
    await say('room');
    child.stdin!.end();
    await once(child, 'close');
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const records = lines.map((line) => JSON.parse(line) as { said?: string; lost?: number });
    const lost = records.reduce((sum, record) => sum + (record.lost ?? 0), 0);
    expect(lost).toBeGreaterThan(0);
    expect(records.filter(({ said }) => said !== undefined).length + lost).toBe(2000);
  });
});
