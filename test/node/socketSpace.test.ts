import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hasAccountQuota, socketSpace } from '../../src/cli/doctor/checks/socketSpace.ts';
import type { Subject } from '../../src/cli/doctor/types.ts';
import { configSchema } from '../../src/config/schema.ts';
import { describeWith, onPath } from '../helpers/requires.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { read } from '../helpers/sources.ts';

let folder: string;
beforeEach(() => {
  folder = shortFolder('space');
});
afterEach(() => rmSync(folder, { recursive: true }));

function look(more: Partial<Subject>, servers: object = {}) {
  const config = configSchema.parse({ dataDir: join(folder, 'data'), servers });
  const subject: Subject = {
    config,
    file: null,
    publicUrl: 'http://localhost:8000',
    runtimeDir: join(folder, 'run', 'not-made-yet'),
    uid: 0,
    ownData: true,
    live: false,
    searchPath: '/usr/bin:/bin',
    ...more,
  };
  return socketSpace.look(subject, AbortSignal.timeout(10_000));
}

test('a folder on a file system that others need is warned of, before it is made too', async () => {
  const warning = {
    outcome: 'warn',
    what: expect.stringMatching(/not-made-yet is on the same file system as \/\w*\.$/),
    why: expect.stringContaining('stops the starts of all'),
    advice: expect.stringContaining('docs/deploy.md'),
  };
  expect(await look({})).toEqual([warning]);
  expect(await look({ uid: 1000 }, { sudo: '/usr/local/libexec/cylc-gateway-as' })).toEqual([warning]);
});

test('a gateway that serves its own account alone has nobody to fear', async () => {
  expect(await look({ uid: 1000 })).toEqual([]);
});

test.each([
  ['rw,size=65536k,nr_inodes=51200,usrquota,usrquota_block_hardlimit=1m', true],
  ['rw,usrquota', true],
  ['rw,attr2,uquota', true],
  ['rw,noquota', false],
  ['rw,usrquota_block_hardlimit=1m', false],
  ['rw,grpquota', false],
])('of a file system with the options %s, a quota for accounts: %s', (options, expected) => {
  expect(hasAccountQuota(options)).toBe(expected);
});

const unit = read('docs/examples/run-cylcgateway.mount');

test('the unit is in the page as it is in its file, and fits the name of its file', () => {
  expect(read('docs/deploy.md')).toContain(`\`\`\`ini\n${unit}\`\`\``);
  expect(unit).toContain('\nWhere=/run/cylcgateway\n');
});

test.skipIf(!onPath('systemd-analyze'))('systemd finds no fault with the unit', () => {
  const path = join(import.meta.dirname, '../../docs/examples/run-cylcgateway.mount');
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
  expect(stderr.split('\n').filter((line) => line.includes('cylcgateway'))).toEqual([]);
  expect(status, stderr).toBe(0);
});

describeWith(['root'], 'on a file system mounted as the unit says', () => {
  const options = /^Options=(.*)$/m.exec(unit)?.[1] ?? '';

  /** In a mount namespace of its own: nobody else sees the mount, and it goes with the last process. */
  function there(script: string): string {
    mkdirSync(join(folder, 'run'));
    const all = `set -eu; mount -t tmpfs -o "$1" tmpfs "$0/run"; cd "$0/run"; ${script}`;
    const result = spawnSync('unshare', ['--mount', 'sh', '-c', all, folder, options], { encoding: 'utf8' });
    if (result.status !== 0) throw new Error(result.stderr);
    return result.stdout;
  }

  test('the doctor is content, and says what remains', () => {
    const check = join(import.meta.dirname, '../../src/cli/doctor/checks/socketSpace.ts');
    const subject = JSON.stringify({
      runtimeDir: join(folder, 'run'),
      config: { dataDir: folder, servers: {} },
      uid: 0,
    });
    const code = `import('${check}').then((m) => m.socketSpace.look(${subject})).then((f) => console.log(JSON.stringify(f)))`;
    expect(JSON.parse(there(`'${process.execPath}' -e "$(cat <<'END'\n${code}\nEND\n)"`))).toEqual([
      {
        outcome: 'ok',
        what: expect.stringContaining('without quotas: an account that fills it stops the starts of all'),
      },
    ]);
  });

  test('an account that fills it gets the size that the unit says, and no more', () => {
    const fill = 'mkdir -m 700 1; chown 65534 1; cd 1; setpriv --reuid=65534 --regid=65534 --clear-groups sh -c';
    const bytes = there(`${fill} 'cat /dev/zero > full 2> why || true; wc -c < full'`);
    expect(Number(bytes)).toBeGreaterThan(60e6);
    expect(Number(bytes)).toBeLessThanOrEqual(64 * 1024 * 1024);
  });
});
