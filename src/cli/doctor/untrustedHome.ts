import { chmod, chown, mkdir, mkdtemp, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nobody } from '../../processes/becomeUser.ts';
import { toolPath } from '../../processes/systemTools.ts';
import { askUntrusted } from './ask.ts';

const clearTimeoutMs = 5000;

/**
 * Gives what `askUntrusted` runs a home of its own for a while. What is in it then is removed by that same user: a
 * process left behind could put links into it, and root must not follow them.
 */
export async function withUntrustedHome<Result>(use: (home: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'cylc-gateway-check-'));
  await chmod(folder, 0o711);
  const home = join(folder, 'home');
  await mkdir(home, { mode: 0o700 });
  if (process.geteuid?.() === 0) await chown(home, nobody.uid, nobody.gid);
  try {
    return await use(home);
  } finally {
    const signal = AbortSignal.timeout(clearTimeoutMs);
    const env = { PATH: '/usr/bin:/bin' };
    await askUntrusted([toolPath('find'), home, '-mindepth', '1', '-delete'], { env, signal });
    await rmdir(home).then(
      () => rmdir(folder),
      () => undefined,
    );
  }
}
