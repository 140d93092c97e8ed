import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A machine whose `/usr/local/bin` and `/etc/profile.d` may be changed: no other program sees it. Needs root. */
export interface OwnMounts {
  /** Command that other commands are run by, given before them. */
  by: readonly string[];
  /** What is `/etc/profile.d` there. */
  profileDir: string;
  remove(): void;
}

const script = `
set -e
mount --bind /usr/local/bin "$0/orig"
mount --bind "$0/bin" /usr/local/bin
mount --bind "$0/profile.d" /etc/profile.d
exec "$@"`;

/** What is in `/usr/local/bin` is there too, by links: Node may be. */
export function makeOwnMounts(): OwnMounts {
  const folder = mkdtempSync(join(tmpdir(), 'gw-mounts-'));
  for (const name of ['orig', 'bin', 'profile.d']) mkdirSync(join(folder, name));
  chmodSync(folder, 0o755);
  for (const name of readdirSync('/usr/local/bin')) symlinkSync(join(folder, 'orig', name), join(folder, 'bin', name));
  cpSync('/etc/profile.d', join(folder, 'profile.d'), { recursive: true });
  return {
    by: ['unshare', '--mount', 'bash', '-c', script, folder],
    profileDir: join(folder, 'profile.d'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
