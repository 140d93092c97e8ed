import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { errnoOf, type FileLayer } from './files.ts';
import type { DocumentKind } from './kinds.ts';

/** Earlier versions of one document, in `backups/`: `admin.20261124T002500123Z.json`. */
export interface Backups {
  /** Takes over a file that was replaced: it is moved to the others if the newest is old enough, else removed. */
  keepFile(path: string): Promise<void>;
  /** Keeps a text, however new the newest is: a hand edit has replaced its file. Returns the path. */
  keepText(text: string): Promise<string>;
  /** Path of the newest, if any. */
  newest(): Promise<string | undefined>;
  /** The text of the version that bears this revision, if it is kept. */
  find(revision: number): Promise<string | undefined>;
}

/** Backups that do not work are no reason to stop writing: they are told in the log, and left out. */
export function createBackups(parts: {
  kind: DocumentKind<unknown>;
  dataDir: string;
  clock: Clock;
  files: FileLayer;
  warn: (error: unknown) => void;
}): Backups {
  const { kind, clock, files } = parts;
  const folder = join(parts.dataDir, 'backups');
  let lastMs = 0;

  const due = (now: number): boolean => !(now >= lastMs && now - lastMs < kind.backupEveryMs);

  async function freeName(now: number): Promise<string> {
    await files.makeFolder(folder);
    for (let ms = now; ; ms++) {
      const path = join(folder, backupName(kind.name, ms));
      if ((await files.stamp(path)) === undefined) return path;
    }
  }

  async function added(now: number): Promise<void> {
    lastMs = now;
    const names = await list(files, folder, kind.name);
    for (const name of surplus(names, kind.backupsKept)) await files.remove(join(folder, name));
  }

  return {
    async keepFile(path) {
      const now = clock.now();
      try {
        if (!due(now)) return await files.remove(path);
        await moveTo(files, path, await freeName(now));
        await added(now);
      } catch (error) {
        parts.warn(error);
        await files.remove(path).catch(() => undefined);
      }
    },
    async keepText(text) {
      const now = clock.now();
      const path = await freeName(now);
      await files.create(path, text);
      await added(now);
      return path;
    },
    async newest() {
      const last = (await list(files, folder, kind.name)).at(-1);
      return last === undefined ? undefined : join(folder, last);
    },
    async find(revision) {
      for (const name of (await list(files, folder, kind.name)).toReversed()) {
        const text = await files.read(join(folder, name)).catch(() => undefined);
        if (text !== undefined && revisionIn(text) === revision) return text;
      }
      return undefined;
    },
  };
}

function backupName(name: string, nowMs: number): string {
  return `${name}.${new Date(nowMs).toISOString().replaceAll(/[-:.]/g, '')}.json`;
}

/** The first that the text names: it stands in the head of each file that the program wrote. */
function revisionIn(text: string): number | undefined {
  const found = /"revision":\s*(\d{1,15})/.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

async function moveTo(files: FileLayer, from: string, to: string): Promise<void> {
  try {
    await files.rename(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'EXDEV') throw error;
    await files.keepAs(from, to);
    await files.remove(from);
  }
}

/**
 * The newest `kept` stay; of older ones the last of each hour for as many again, so that a busy minute does not push
 * out yesterday.
 */
export function surplus(names: readonly string[], kept: number): string[] {
  const older = names.slice(0, Math.max(0, names.length - kept));
  const hour = (name: string): string => name.slice(0, name.indexOf('T') + 3);
  const lastOfHour = older.filter((name, index) => hour(name) !== hour(older[index + 1] ?? names.at(-kept) ?? ''));
  const stay = new Set(lastOfHour.slice(-kept));
  return older.filter((name) => !stay.has(name));
}

/** Oldest first. */
async function list(files: FileLayer, folder: string, name: string): Promise<string[]> {
  const all = await files.list(folder);
  return all.filter((file) => file.startsWith(`${name}.`) && file.endsWith('.json')).sort();
}
