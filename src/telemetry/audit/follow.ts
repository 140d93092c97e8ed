import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditPath } from './file.ts';
import { fits, parseLine } from './read.ts';
import type { AuditQuery } from './read.ts';
import type { AuditRecord } from './record.ts';

/** New lines as they come, across the beginning of new files, until the signal. Looks at the file, asks no gateway. */
export async function* followAudit(
  { dataDir }: { dataDir: string },
  query: Omit<AuditQuery, 'limit'>,
  { pollMs = 500, signal }: { pollMs?: number; signal?: AbortSignal } = {},
): AsyncIterable<AuditRecord> {
  const path = auditPath(dataDir, 0);
  let at = await openAt(path, 'end');
  try {
    for (;;) {
      if (signal?.aborted === true) return;
      at ??= await openAt(path, 'begin');
      const text = at === undefined ? '' : await readNew(at);
      for (const line of text.split('\n')) {
        const record = line === '' ? undefined : parseLine(line, query);
        if (record !== undefined && fits(record, { ...query, limit: 1 })) yield record;
      }
      if (at !== undefined && text === '' && (await isReplaced(path, at.handle))) {
        await at.handle.close();
        at = undefined;
      } else if (text === '') await sleep(pollMs);
    }
  } finally {
    await at?.handle.close();
  }
}

interface Place {
  handle: FileHandle;
  position: number;
  /** Half a line that the rest of is to come. */
  rest: Buffer;
}

const atOnce = 1024 * 1024;

async function openAt(path: string, where: 'begin' | 'end'): Promise<Place | undefined> {
  try {
    const handle = await open(path, 'r');
    return { handle, position: where === 'end' ? (await handle.stat()).size : 0, rest: Buffer.alloc(0) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readNew(place: Place): Promise<string> {
  const buffer = Buffer.alloc(atOnce);
  const { bytesRead } = await place.handle.read(buffer, 0, atOnce, place.position);
  place.position += bytesRead;
  const bytes = Buffer.concat([place.rest, buffer.subarray(0, bytesRead)]);
  const end = bytes.lastIndexOf(10) + 1;
  place.rest = bytes.subarray(end);
  return bytes.toString('utf8', 0, end);
}

async function isReplaced(path: string, handle: FileHandle): Promise<boolean> {
  const [there, mine] = [await stat(path).catch(() => undefined), await handle.stat()];
  return there !== undefined && there.ino !== mine.ino;
}
