import { setTimeout as sleep } from 'node:timers/promises';
import type { LogPart } from './logSource.ts';
import { lastLines, plainText } from './logTail.ts';

export interface FollowLogOptions {
  /** Reads the log of the start that runs now; a newer start has a new file, which is gone on with. */
  read: (place: { at: number } | { last: number }, most: number) => Promise<LogPart | undefined>;
  /** False once nothing more will be written: the rest is given out, then it ends. */
  live: () => boolean;
  /** So many of the lines that are there already come first. */
  lines: number;
  signal?: AbortSignal | undefined;
  pollMs: number;
}

const chunkBytes = 64 * 1024;

/**
 * A log as it grows: pieces of whole lines, without terminal codes. Looked at now and then instead of watched, since
 * change notices do not come over network file systems.
 */
export async function* followLog(options: FollowLogOptions): AsyncIterable<string> {
  const { read, live, lines, signal, pollMs } = options;
  let id: string | undefined;
  let at = 0;
  let rest = '';
  for (let first = true; !isAborted(signal); first = false) {
    // Asked before the read: what is written before its end is then read for sure.
    const goesOn = live();
    const part = await readOn();
    const text = part?.text ?? '';
    const whole = rest + text;
    const end = goesOn ? whole.lastIndexOf('\n') + 1 : whole.length;
    // A line without an end is given out in pieces.
    rest = whole.length - end > chunkBytes ? '' : whole.slice(end);
    const given = rest === '' ? whole : whole.slice(0, end);
    const shown = first ? lastOf(given, lines) : given;
    if (shown !== '') yield plainText(Buffer.from(shown, 'latin1').toString('utf8'));
    if (!goesOn && text.length < chunkBytes) return;
    if (text.length < chunkBytes) await sleep(pollMs, undefined, signal ? { signal } : {}).catch(() => {});
  }

  async function readOn(): Promise<LogPart | undefined> {
    let part = await read(id === undefined ? { last: chunkBytes } : { at }, chunkBytes);
    // Another file, or one that was cut: from its beginning.
    if (part !== undefined && id !== undefined && (part.id !== id || part.at !== at)) {
      rest = '';
      if (part.at !== 0) part = await read({ at: 0 }, chunkBytes);
    }
    if (part === undefined) return undefined;
    id = part.id;
    at = part.at + part.text.length;
    return part;
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function lastOf(text: string, lines: number): string {
  return text === '' || lines <= 0 ? '' : `${lastLines(text, lines)}\n`;
}
