import { constants } from 'node:os';

export interface Exit {
  exitCode: number | null;
  signal: string | null;
}

/** Of a shell or a relay: a death by signal is 128 + its number (POSIX, Shell Command Language 2.8.2). */
export function exitOfCode(code: number): Exit {
  const signal = code > 128 ? signalName(code - 128) : null;
  return signal === null ? { exitCode: code, signal: null } : { exitCode: null, signal };
}

export function signalName(number: number): string | null {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}
