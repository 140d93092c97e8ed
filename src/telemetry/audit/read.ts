import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { auditPath } from './file.ts';
import type { AuditRecord } from './record.ts';

export interface AuditQuery {
  /** Lines about this account: it did it, or it is its own. */
  account?: string | undefined;
  /** Of those only what others did. */
  byOthers?: boolean | undefined;
  /** `visit`, `denied`, `server` (all that begins so). */
  what?: string | undefined;
  /** ms since 1970. */
  sinceMs?: number | undefined;
  limit: number;
}

export interface AuditPlace {
  dataDir: string;
  files: number;
  /** So much is read at most, newest first; absent: all. */
  maxBytes?: number;
}

const chunkBytes = 256 * 1024;
/** Ours are far shorter; what goes on for longer without an end is what a broken disk left, and is not kept. */
const longestLine = 1024 * 1024;

/** The newest lines that fit, newest first; reads no more of the files than it takes. */
export async function readAudit(place: AuditPlace, query: AuditQuery): Promise<AuditRecord[]> {
  const found: AuditRecord[] = [];
  const budget = { left: place.maxBytes ?? Infinity };
  for (let index = 0; index < place.files; index += 1) {
    const handle = await openIfThere(auditPath(place.dataDir, index));
    if (handle === undefined) {
      if (index === 0) continue;
      break;
    }
    try {
      for await (const line of linesBackward(handle, budget)) {
        const record = parseLine(line, query);
        if (record === undefined) continue;
        if (query.sinceMs !== undefined && Date.parse(record.at) < query.sinceMs) return found;
        if (fits(record, query)) found.push(record);
        if (found.length >= query.limit) return found;
      }
    } finally {
      await handle.close();
    }
  }
  return found;
}

export function fits(record: AuditRecord, { account, byOthers, what }: AuditQuery): boolean {
  if (account !== undefined && record.who !== account && record.owner !== account) return false;
  if (byOthers === true && (record.who === account || record.owner !== account)) return false;
  return what === undefined || record.what === what || record.what.startsWith(`${what}.`);
}

/** What is no line of ours (half of one, after a kill) is passed over. Most lines of others are never parsed. */
export function parseLine(line: string, query: Pick<AuditQuery, 'account'> = {}): AuditRecord | undefined {
  if (query.account !== undefined && !line.includes(JSON.stringify(query.account))) return undefined;
  try {
    const record = JSON.parse(line) as AuditRecord;
    return typeof record.what === 'string' && typeof record.at === 'string' ? record : undefined;
  } catch {
    return undefined;
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Takes what it reads from the budget, bytes; a line that is only in part within it is left out. */
async function* linesBackward(handle: FileHandle, budget: { left: number }): AsyncIterable<string> {
  let { size: end } = await handle.stat();
  let rest = Buffer.alloc(0);
  while (end > 0 && budget.left > 0) {
    const length = Math.min(chunkBytes, end, budget.left);
    budget.left -= length;
    const chunk = Buffer.alloc(length);
    await handle.read(chunk, 0, length, end - length);
    end -= length;
    const bytes = Buffer.concat([chunk, rest]);
    const first = end === 0 ? -1 : bytes.indexOf(10);
    rest = first === -1 && end > 0 ? bytes : bytes.subarray(0, Math.max(first, 0));
    if (rest.length > longestLine) rest = Buffer.alloc(0);
    if (first === -1 && end > 0) continue;
    for (const line of bytes
      .toString('utf8', first + 1)
      .split('\n')
      .toReversed())
      if (line !== '') yield line;
  }
}
