import { readFileSync } from 'node:fs';

/** Memory of a process (proc(5)), MiB: its own alone, its proportional share, and all that it has mapped in. */
export interface Memory {
  privateMiB: number;
  pssMiB: number;
  rssMiB: number;
}

export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const sum = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((total, [, kilobytes]) => total + Number(kilobytes), 0) / 1024;
  return { privateMiB: sum(/^Private_\w+: +(\d+)/gm), pssMiB: sum(/^Pss: +(\d+)/gm), rssMiB: sum(/^Rss: +(\d+)/gm) };
}
