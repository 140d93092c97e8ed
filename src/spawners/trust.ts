import { lstat, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/**
 * Why root must not run this Python as a fork server: somebody else could put code into it. Undefined where it may,
 * and always for a gateway that is not root, which gains its own user no power.
 */
export async function trustFault(python: string, uid: number): Promise<string | undefined> {
  if (uid !== 0) return undefined;
  try {
    const prefix = dirname(dirname(python));
    const places = [python, await realpath(python), prefix, ...(await packageFolders(prefix))];
    for (const place of places) {
      const { uid: owner, mode } = await lstat(place);
      const link = (mode & 0o170_000) === 0o120_000;
      if (owner !== 0) return `${place} belongs to uid ${owner}`;
      if (!link && (mode & 0o022) !== 0) return `${place} can be written by others`;
    }
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

async function packageFolders(prefix: string): Promise<string[]> {
  const lib = join(prefix, 'lib');
  const versions = (await readdir(lib)).filter((name) => name.startsWith('python3.'));
  return [lib, ...versions.flatMap((name) => [join(lib, name), join(lib, name, 'site-packages')])];
}
