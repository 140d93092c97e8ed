import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readFile, realpath, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * The few things the store does to a disk, in one place, so that tests can cut the power at each of them.
 * Paths are absolute. All reject with Node's own errors (`code`: ENOSPC, EROFS ...).
 */
export interface FileLayer {
  /** Creates the file (it must not exist), mode 0600, and writes all of `text`: not yet safe from a power cut. */
  create(path: string, text: string): Promise<void>;
  /** What was written to the file is on the disk afterwards (fsync(2)). */
  sync(path: string): Promise<void>;
  /** The folder's names are on the disk afterwards. */
  syncFolder(path: string): Promise<void>;
  /** Atomic: whoever opens `to` sees the old file or the new one (rename(2)). */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Undefined if there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** The file behind a symlink, or the path itself. */
  resolve(path: string): Promise<string>;
}

export const nodeFiles: FileLayer = {
  async create(path, text) {
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  },
  sync: (path) => syncOpened(path, constants.O_RDONLY),
  syncFolder: (path) => syncOpened(path, constants.O_RDONLY | constants.O_DIRECTORY),
  rename,
  remove: unlink,
  read: (path) => readFile(path, 'utf8').catch(undefinedIfMissing),
  resolve: (path) => realpath(path).catch((error: unknown) => undefinedIfMissing(error) ?? path),
};

async function syncOpened(path: string, flags: number): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** `.admin.json.<random>.tmp` beside the file: a name nobody can foresee, so nobody can lay a link there. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.tmp`);
}

export function isTemporaryName(name: string): boolean {
  return /^\..+\.[0-9a-f]{16}\.tmp$/.test(name);
}

/**
 * Replaces a file so that a power cut at any moment leaves the old text or the new one: temporary file, fsync,
 * rename, fsync of the folder (lowdb#549 lost files without them).
 */
export async function replaceFile(files: FileLayer, path: string, text: string): Promise<void> {
  const target = await files.resolve(path);
  const temporary = temporaryName(target);
  try {
    await files.create(temporary, text);
    await files.sync(temporary);
    await files.rename(temporary, target);
  } catch (error) {
    await files.remove(temporary).catch(() => undefined);
    throw error;
  }
  await files.syncFolder(dirname(target));
}
