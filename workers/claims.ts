import { readFileSync, writeFileSync } from 'node:fs';

/** A start is claimed by a file that can be made once: by its launcher, or by the gateway, and then nothing is launched. */
const mark = 'given up by the gateway';

/** True if it is ours now. */
export function claim(runFile: string): boolean {
  try {
    writeFileSync(`${runFile}.claim`, mark, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export function claimedByGateway(runFile: string): boolean {
  return readFileSync(`${runFile}.claim`, 'latin1') === mark;
}

/** Its launcher has ended without a process: nobody need wait for one. */
export function giveUp(runFile: string): void {
  writeFileSync(`${runFile}.claim`, mark, { mode: 0o600 });
}
