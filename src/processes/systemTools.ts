import { accessSync, constants, statSync } from 'node:fs';
import { join } from 'node:path';

/** Where the system's own programs are: owned by root on every distribution, and never taken from anybody's `PATH`. */
export const systemFolders: readonly string[] = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** The same, and where sites put programs of their own, such as the commands of a batch system. */
export const sitePath = '/usr/local/bin:/usr/bin:/bin';

const found = new Map<string, string>();

/**
 * Absolute path of a program of the system (`getent`, `setpriv`, `flock`); undefined where it is missing. Looked for
 * once. `PATH` has no say: whoever owns a folder there would otherwise choose what root runs.
 */
export function findTool(name: string): string | undefined {
  const known = found.get(name) ?? findProgram(name, systemFolders);
  if (known !== undefined) found.set(name, known);
  return known;
}

/** @throws an error with the code `ENOENT` where it is missing. */
export function toolPath(name: string): string {
  const path = findTool(name);
  if (path !== undefined) return path;
  const message = `the program ${name} is missing: it is not in ${systemFolders.join(', ')}`;
  throw Object.assign(new Error(message), { code: 'ENOENT' });
}

/**
 * Absolute path of a program, as execvp(3) finds it in these folders, except that relative folders are passed over;
 * a name with a slash must be absolute itself. Undefined where it is not there or cannot be run.
 */
export function findProgram(name: string, folders: readonly string[]): string | undefined {
  const places = name.includes('/') ? [name] : folders.map((folder) => join(folder, name));
  return places.find((path) => path.startsWith('/') && isRunnable(path));
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
