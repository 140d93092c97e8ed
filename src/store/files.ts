import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { loadExchange } from './exchange.ts';
import type { Exchange } from './exchange.ts';

/** Tells whether a file is still the one that was seen: a save in place changes size or time, a swap the inode. */
export interface FileStamp {
  device: bigint;
  inode: bigint;
  size: bigint;
  modifiedNs: bigint;
  uid: number;
}

/** A text, or pieces of one that are made while it is written: others get a turn between them. */
export type Text = string | Iterable<string>;

/**
 * The few things the store does to a disk, in one place, so that tests can cut the power at each of them.
 * Paths are absolute. All reject with Node's own errors (`code`: ENOSPC, EROFS ...).
 */
export interface FileLayer {
  /** Creates the file (it must not exist), mode 0600, and writes all of `text`: not yet safe from a power cut. */
  create(path: string, text: Text): Promise<void>;
  /** Adds to the end of a file that is there. Some of it may be there when that fails. */
  append(path: string, text: string): Promise<void>;
  /** What was written to the file is on the disk afterwards (fsync(2)). */
  sync(path: string): Promise<void>;
  /** The folder's names are on the disk afterwards. */
  syncFolder(path: string): Promise<void>;
  /** Atomic: whoever opens `to` sees the old file or the new one (rename(2)). */
  rename(from: string, to: string): Promise<void>;
  /** Swaps two files, atomically; false where the file system cannot. */
  exchange(one: string, other: string): Promise<boolean>;
  /** A second name for the file, or a copy on a file system without hard links. `to` must not exist. */
  keepAs(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Undefined if there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** Of the file behind a symlink; undefined if there is none. */
  stamp(path: string): Promise<FileStamp | undefined>;
  /** Makes the folder, 0700, unless it is there. */
  makeFolder(path: string): Promise<void>;
  /** Names in a folder; none if it cannot be read. */
  list(path: string): Promise<string[]>;
  /** The file behind a symlink, or the path itself. */
  resolve(path: string): Promise<string>;
}

export const nodeFiles: FileLayer = {
  async create(path, text) {
    const handle = await open(path, 'wx', 0o600);
    try {
      for (const piece of typeof text === 'string' ? [text] : text) await handle.writeFile(piece);
    } finally {
      await handle.close();
    }
  },
  async append(path, text) {
    const handle = await open(path, constants.O_WRONLY | constants.O_APPEND);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
  },
  sync: (path) => syncOpened(path, constants.O_RDONLY),
  syncFolder: (path) => syncOpened(path, constants.O_RDONLY | constants.O_DIRECTORY),
  rename,
  exchange: async (one, other) => (await exchangeCall)?.(one, other) ?? false,
  async keepAs(from, to) {
    try {
      await link(from, to);
    } catch (error) {
      if (!withoutLinks.has(errnoOf(error) ?? '')) throw error;
      await copyFile(from, to, constants.COPYFILE_EXCL);
    }
  },
  remove: unlink,
  read: (path) => readFile(path, 'utf8').catch(undefinedIfMissing),
  async stamp(path) {
    const found = await stat(path, { bigint: true }).catch(undefinedIfMissing);
    if (found === undefined) return undefined;
    const { dev, ino, size, mtimeNs, uid } = found;
    return { device: dev, inode: ino, size, modifiedNs: mtimeNs, uid: Number(uid) };
  },
  makeFolder: async (path) => void (await mkdir(path, { recursive: true, mode: 0o700 })),
  list: (path) => readdir(path).catch(() => []),
  resolve: (path) => realpath(path).catch((error: unknown) => undefinedIfMissing(error) ?? path),
};

/** Loaded once for the process, like the C library behind it. */
const exchangeCall: Promise<Exchange | undefined> = loadExchange();

/** What link(2) says on file systems without hard links, across file systems, and to protected_hardlinks. */
const withoutLinks = new Set(['EPERM', 'EOPNOTSUPP', 'ENOTSUP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EACCES']);

export function sameStamp(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.device === b.device && a.inode === b.inode && a.size === b.size && a.modifiedNs === b.modifiedNs;
}

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
