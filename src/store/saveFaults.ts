import type { Fault } from './faults.ts';
import type { FileStamp } from './files.ts';
import type { ReadResult } from './read.ts';

/** What is wrong with a save apart from what is in it, as faults like the others. */

export function faultsOf(result: ReadResult<unknown> & { ok: false }): readonly Fault[] {
  if (result.newer === undefined) return result.faults;
  const message = `It is of version ${result.newer}, which a newer gateway writes.`;
  return [{ line: 1, column: 1, path: 'version', message, suggestion: 'Put the version back.' }];
}

export function tooLarge({ size }: FileStamp, maxBytes: number): Fault {
  const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1024 / 1024)} MB`;
  const message = `The file has ${megabytes(Number(size))}; the largest that is read has ${megabytes(maxBytes)}.`;
  return { line: 1, column: 1, path: '', message, suggestion: 'Was something pasted twice? A backup may help.' };
}

export function unreadable(error: unknown): Fault {
  const reason = error instanceof Error ? error.message : String(error);
  const suggestion = 'Give it to the user who runs the gateway (chown), mode 0600.';
  return { line: 1, column: 1, path: '', message: `The file cannot be read: ${reason}.`, suggestion };
}
