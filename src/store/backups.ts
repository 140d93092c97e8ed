import { link, mkdir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { errnoOf } from './files.ts';
import type { DocumentKind } from './kinds.ts';

/** Earlier versions of one document, in `backups/`: `admin.20261124T002500123Z.json`. */
export interface Backups {
  /** Before the file is replaced: keeps it under another name, if the newest backup is old enough. */
  keep(): Promise<void>;
  /** Path of the newest, if any. */
  newest(): Promise<string | undefined>;
}

/**
 * A backup is a hard link to a file that is about to be replaced: nothing is copied, and it is on the disk already.
 * The oldest go when there are more than the kind keeps.
 */
export function createBackups(parts: {
  kind: DocumentKind<unknown>;
  path: string;
  dataDir: string;
  clock: Clock;
}): Backups {
  const { kind, path, clock } = parts;
  const folder = join(parts.dataDir, 'backups');
  let lastMs = 0;
  return {
    async keep() {
      const now = clock.now();
      // A clock set back must not stop the backups.
      if (now >= lastMs && now - lastMs < kind.backupEveryMs) return;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      if (!(await linkAs(path, join(folder, backupName(kind.name, now))))) return;
      lastMs = now;
      await removeOldest(folder, kind);
    },
    async newest() {
      const names = await list(folder, kind.name);
      const last = names.at(-1);
      return last === undefined ? undefined : join(folder, last);
    },
  };
}

function backupName(name: string, nowMs: number): string {
  return `${name}.${new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '')}.json`;
}

/** False if there was nothing to keep, or it is kept already. */
async function linkAs(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function removeOldest(folder: string, kind: DocumentKind<unknown>): Promise<void> {
  const names = await list(folder, kind.name);
  for (const name of names.slice(0, Math.max(0, names.length - kind.backupsKept))) await unlink(join(folder, name));
}

/** Oldest first. */
async function list(folder: string, name: string): Promise<string[]> {
  const all = await readdir(folder).catch(() => []);
  return all.filter((file) => file.startsWith(`${name}.`) && file.endsWith('.json')).sort();
}
