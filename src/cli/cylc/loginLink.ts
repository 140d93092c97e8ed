import { lstat, mkdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** On the PATH of login shells by Debian's ~/.profile. */
const linkName = '.local/bin/cylc';
/** What our link says, and nobody else's: it leads on to Cylc by a second link, which alone changes. */
const ours = '../share/cylc-gateway/cylc';

export type LinkOutcome = 'made' | 'there' | 'taken';

export function linkPath(home: string): string {
  return join(home, linkName);
}

/** Makes `~/.local/bin/cylc`, or leads the one that it made before to another Cylc. What is somebody's own stays: `taken`. */
export async function makeLoginLink(home: string, cylc: string): Promise<LinkOutcome> {
  const [link, inner] = [linkPath(home), join(home, '.local/share/cylc-gateway/cylc')];
  const present = await linkKind(link);
  if (present === 'foreign') return 'taken';
  if (present === 'ours' && (await readlink(inner).catch(() => '')) === cylc) return 'there';
  await mkdir(join(inner, '..'), { recursive: true });
  await rm(`${inner}.new`, { force: true });
  await symlink(cylc, `${inner}.new`);
  await rename(`${inner}.new`, inner);
  if (present === 'ours') return 'made';
  await mkdir(join(link, '..'), { recursive: true });
  return symlink(ours, link).then(
    () => 'made',
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return 'taken';
      throw error;
    },
  );
}

/** Removes our link; false where there is none of ours. */
export async function removeLoginLink(home: string): Promise<boolean> {
  if ((await linkKind(linkPath(home))) !== 'ours') return false;
  await rm(linkPath(home));
  await rm(join(home, '.local/share/cylc-gateway'), { recursive: true, force: true });
  return true;
}

async function linkKind(link: string): Promise<'none' | 'ours' | 'foreign'> {
  const present = await lstat(link).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (present === undefined) return 'none';
  return present.isSymbolicLink() && (await readlink(link)) === ours ? 'ours' : 'foreign';
}
