import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { plainText } from './logTail.ts';

export interface FollowLogOptions {
  /** Of the start that runs now; a newer start has a new file, which is gone on with. */
  path: () => string | null;
  /** False once nothing more will be written: the rest is given out, then it ends. */
  live: () => boolean;
  /** So many of the lines that are there already come first. */
  lines: number;
  signal?: AbortSignal | undefined;
  pollMs?: number;
}

const chunkBytes = 64 * 1024;

/**
 * A log as it grows: pieces of whole lines, without terminal codes. Looked at now and then instead of watched, since
 * change notices do not come over network file systems.
 */
export async function* followLog(options: FollowLogOptions): AsyncIterable<string> {
  const { path, live, lines, signal, pollMs = 300 } = options;
  let file: FileHandle | undefined;
  let inode = 0;
  let at = 0;
  let rest = '';
  try {
    for (let first = true; !isAborted(signal); first = false) {
      // Asked before the read: what is written before its end is then read for sure.
      const goesOn = live();
      const latest = await openLog(path());
      if (latest !== undefined && latest.inode !== inode) {
        await file?.close();
        ({ file, inode } = latest);
        at = first ? Math.max(0, latest.size - chunkBytes) : 0;
        rest = '';
      } else await latest?.file.close();
      const text: string = file === undefined ? '' : await readFrom(file, at);
      at += Buffer.byteLength(text, 'latin1');
      const whole = rest + text;
      const end = goesOn ? whole.lastIndexOf('\n') + 1 : whole.length;
      rest = whole.slice(end);
      const shown = first ? lastLines(whole.slice(0, end), lines) : whole.slice(0, end);
      if (shown !== '') yield plainText(Buffer.from(shown, 'latin1').toString('utf8'));
      if (!goesOn && text.length < chunkBytes) return;
      if (text.length < chunkBytes) await sleep(pollMs, undefined, signal ? { signal } : {}).catch(() => {});
    }
  } finally {
    await file?.close();
  }
}

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function openLog(path: string | null): Promise<{ file: FileHandle; inode: number; size: number } | undefined> {
  const file = path === null ? undefined : await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  const { ino, size } = await file.stat();
  return { file, inode: ino, size };
}

/** Latin-1 for the time being, so that a letter of several bytes may be cut in two. */
async function readFrom(file: FileHandle, at: number): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(chunkBytes), 0, chunkBytes, at);
  return buffer.toString('latin1', 0, bytesRead);
}

function lastLines(text: string, lines: number): string {
  if (lines <= 0) return '';
  const all = text.replace(/\n$/, '').split('\n');
  return text === '' ? '' : `${all.slice(-lines).join('\n')}\n`;
}
