import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const othersMayEnter = 0o001;

/** Whether every account of the machine can get at this file or folder: all folders above it let others through. */
export async function reachableByAll(path: string): Promise<boolean> {
  for (let at = await realpath(path); ; at = dirname(at)) {
    if (((await stat(at)).mode & othersMayEnter) === 0) return false;
    if (at === dirname(at)) return true;
  }
}
