import { constants } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

export interface AuditFileOptions {
  dataDir: string;
  /** Size at which a new file is begun. */
  maxBytes: number;
  /** Files that are kept, the one in use among them. */
  files: number;
  /** Told when lines cannot be written, once until they can again, and then of that. */
  onTrouble: (error: unknown) => void;
  onRecovery: (lost: number) => void;
}

/** A file that only grows. Whoever adds a line does not wait for the disk. */
export interface AuditFile {
  add(line: string): void;
  /** Resolves when all that was added is in the file, or cannot be written now. */
  flush(): Promise<void>;
  /** Writes what is left, with a few tries, and syncs; resolves with how many lines were lost. */
  close(): Promise<number>;
}

/** Lines that wait for a disk that takes none; beyond it the oldest go. */
const maxWaiting = 20_000;
const firstRetryMs = 500;
const lastRetryMs = 30_000;
const triesAtClose = 3;

/** `audit.jsonl` is in use; `audit.1.jsonl` is the one before it, and so on. */
export function auditPath(dataDir: string, index: number): string {
  return join(dataDir, index === 0 ? 'audit.jsonl' : `audit.${index}.jsonl`);
}

/**
 * idle → (a line) → writing all that waits → idle; a write that fails leaves the file as it was and its lines waiting,
 * and is tried again after a while, ever longer. What a full disk costs in the end is counted and told.
 */
export function createAuditFile(options: AuditFileOptions): AuditFile {
  let waiting: string[] = [];
  let file: { handle: FileHandle; size: number } | undefined;
  let writing: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let retryMs = firstRetryMs;
  let troubled = false;
  let lost = 0;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await write(Buffer.from(batch.join('')));
        recovered();
      } catch (error) {
        waiting = [...batch, ...waiting];
        dropOldest();
        failed(error);
        return;
      }
    }
  }

  async function write(bytes: Buffer): Promise<void> {
    file ??= await openFile(options.dataDir);
    if (file.size > 0 && file.size + bytes.length > options.maxBytes) {
      await file.handle.close();
      file = undefined;
      await rotate(options);
      file = await openFile(options.dataDir);
    }
    try {
      await file.handle.appendFile(bytes);
      file.size += bytes.length;
    } catch (error) {
      // What a full disk took of it would be half a line.
      await file.handle.truncate(file.size).catch(() => undefined);
      throw error;
    }
  }

  function failed(error: unknown): void {
    if (!troubled) options.onTrouble(error);
    troubled = true;
    timer = setTimeout(() => void run(), retryMs).unref();
    retryMs = Math.min(retryMs * 2, lastRetryMs);
  }

  function recovered(): void {
    if (!troubled) return;
    const gone = lost;
    troubled = false;
    lost = 0;
    retryMs = firstRetryMs;
    options.onRecovery(gone);
  }

  function dropOldest(): void {
    const excess = waiting.length - maxWaiting;
    if (excess <= 0) return;
    waiting.splice(0, excess);
    lost += excess;
  }

  function run(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    writing ??= writeAll().finally(() => {
      writing = undefined;
    });
    return writing;
  }

  return {
    add(line) {
      waiting.push(line);
      if (troubled) dropOldest();
      else if (writing === undefined) setImmediate(() => void run());
    },
    async flush() {
      await writing;
      if (waiting.length > 0) await run();
    },
    async close() {
      await writing;
      for (let tries = 0; tries < triesAtClose && waiting.length > 0; tries += 1) await run();
      clearTimeout(timer);
      await file?.handle.sync().catch(() => undefined);
      await file?.handle.close();
      file = undefined;
      return lost + waiting.length;
    },
  };
}

/** Nobody else's file by a link, nobody else's to read. What a kill has left of a line gets its end. */
async function openFile(dataDir: string): Promise<{ handle: FileHandle; size: number }> {
  const flags = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;
  const handle = await open(auditPath(dataDir, 0), flags, 0o600);
  try {
    await handle.chmod(0o600);
    let { size } = await handle.stat();
    if (size === 0) return { handle, size };
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, size - 1);
    if (last[0] !== 10) {
      await handle.appendFile('\n');
      size += 1;
    }
    return { handle, size };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function rotate({ dataDir, files }: AuditFileOptions): Promise<void> {
  await rm(auditPath(dataDir, files - 1), { force: true });
  for (let index = files - 2; index >= 0; index -= 1)
    await rename(auditPath(dataDir, index), auditPath(dataDir, index + 1)).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
}
