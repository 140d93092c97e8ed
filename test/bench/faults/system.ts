import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from '../../../src/access/types.ts';
import { shortFolder } from '../../helpers/shortFolder.ts';
import { openSite, pidOf } from './site.ts';
import type { Site } from './site.ts';

/**
 * The pid of a server given to somebody else while the gateway is down: by the kernel itself, which is asked for this
 * number (`ns_last_pid`; root). The stranger must live, and the record tell that the server is gone.
 */
export async function reusePids(site: Site, count: number): Promise<{ tried: number; reused: number }> {
  let reused = 0;
  for (let index = 0; index < count; index += 1) {
    await site.start('gone');
    const pid = pidOf(await site.became('gone', ['ready']));
    await site.gateway.end('SIGKILL');
    process.kill(pid, 'SIGKILL');
    while (exists(pid)) await sleep(10);
    const stranger = bornAs(pid);
    reused += stranger.pid === pid ? 1 : 0;
    await site.serve();
    await site.became('gone', ['failed', 'stopped', 'ready'], 10_000);
    await site.healed(['gone']);
    if (stranger.exitCode !== null || stranger.signalCode !== null) throw new Error('a stranger was killed');
    stranger.kill('SIGKILL');
    await site.stop('gone');
  }
  return { tried: count, reused };
}

function bornAs(pid: number): ReturnType<typeof spawn> {
  for (let tries = 0; ; tries += 1) {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
    const child = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
    if (child.pid === pid || tries === 50) return child;
    child.kill('SIGKILL');
  }
}

function exists(pid: number): boolean {
  try {
    readFileSync(`/proc/${pid}/stat`);
    return true;
  } catch {
    return false;
  }
}

/** The disk of the records full at a start: it fails or waits, what runs goes on, and once there is room all is well. Root. */
export async function fillDisk(cylc: string, count: number): Promise<number> {
  const mount = shortFolder('cg-disk');
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=700', 'tmpfs', mount]);
  const site = await openSite({ cylc, dataDir: join(mount, 'data') });
  try {
    await site.start('old');
    const old = pidOf(await site.became('old', ['ready']));
    for (let index = 0; index < count; index += 1) {
      const { bavail, bsize } = statfsSync(mount);
      writeFileSync(join(mount, 'full'), Buffer.alloc(bavail * bsize));
      await site.start('new').catch(() => {});
      await sleep(1500);
      if (pidOf(await site.record('old')) !== old) throw new Error('a running server was lost');
      rmSync(join(mount, 'full'));
      await site.healed(['old']);
      if (index % 2 === 0) {
        await site.gateway.end('SIGKILL');
        await site.serve();
        await site.healed(['old']);
      }
      await site.start('new');
      await site.became('new', ['ready']);
      await site.stop('new');
      await site.healed(['old', 'new']);
    }
    return count;
  } finally {
    await site.close();
    execFileSync('umount', [mount]);
    rmSync(mount, { recursive: true });
  }
}

/** No process can be made any more (RLIMIT_NPROC of gateway and fork server): starts fail with the reason, and only they. Needs root to set up an ordinary user. */
export async function refuseForks(cylc: string, count: number, account: Account): Promise<number> {
  const by = ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--init-groups'];
  const site = await openSite({ cylc, by, owner: account });
  const limit = (nproc: string): void => {
    // Not checked: one of them may have ended meanwhile.
    for (const pid of processesOfUser(account.uid))
      spawnSync(by[0] ?? '', [...by.slice(1), 'prlimit', '--pid', String(pid), `--nproc=${nproc}:`], {
        stdio: 'ignore',
      });
  };
  try {
    await site.start('old');
    const old = pidOf(await site.became('old', ['ready']));
    for (let index = 0; index < count; index += 1) {
      limit('1');
      await site.start('new');
      const { failure } = await site.became('new', ['failed']);
      if (!/EAGAIN|temporarily unavailable/.test(`${failure?.reason}${failure?.logTail}`))
        throw new Error(`no word of the reason: ${JSON.stringify(failure)}`);
      limit('5000');
      await site.healed(['old', 'new']);
      if (pidOf(await site.record('old')) !== old) throw new Error('a running server was lost');
      await site.start('new');
      await site.became('new', ['ready']);
      await site.stop('new');
      await site.healed(['old', 'new']);
    }
    return count;
  } finally {
    limit('5000');
    await site.close();
  }
}

function processesOfUser(uid: number): number[] {
  const text = execFileSync('ps', ['-o', 'pid=', '-u', String(uid)], { encoding: 'utf8' });
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

/**
 * A home that hangs: a file system frozen by the kernel (ext4 on a loop device, `fsfreeze`), where a write waits and
 * no signal ends it. The start fails after its time, others go on, and after the thaw nothing is left. Root.
 */
export async function freezeHome(cylc: string, count: number): Promise<number> {
  const place = shortFolder('cg-home');
  const [image, mount] = [join(place, 'image'), join(place, 'home')];
  mkdirSync(mount);
  writeFileSync(image, Buffer.alloc(16 * 1024 * 1024));
  execFileSync('mkfs.ext4', ['-q', '-F', image]);
  execFileSync('mount', ['-o', 'loop', image, mount]);
  const site = await openSite({
    cylc,
    home: mount,
    servers: { environment: { SMALL_SERVER: 'home' }, startTimeoutS: 2 },
  });
  try {
    for (let index = 0; index < count; index += 1) {
      execFileSync('fsfreeze', ['--freeze', mount]);
      try {
        await site.start('stuck');
        const { failure } = await site.became('stuck', ['failed'], 25_000);
        if (failure === null) throw new Error('failed without a reason');
        if (Object.keys(await site.ask('GET', '/v1/servers')).length === 0) throw new Error('the gateway hangs too');
      } finally {
        execFileSync('fsfreeze', ['--unfreeze', mount]);
      }
      await site.stop('stuck');
      await site.healed(['stuck']);
      await site.start('stuck');
      await site.became('stuck', ['ready']);
      await site.stop('stuck');
      await site.healed(['stuck']);
    }
    return count;
  } finally {
    await site.close();
    execFileSync('umount', [mount]);
    rmSync(place, { recursive: true });
  }
}
