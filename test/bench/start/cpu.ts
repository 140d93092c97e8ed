import { readFileSync } from 'node:fs';

/** CPU time of a process, ms: 100 clock ticks a second on every Linux that Node runs on. */
export function cpuMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
