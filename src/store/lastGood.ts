import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { temporaryName, type FileLayer } from './files.ts';

/**
 * `admin.last-good`: the newest state that the program has acknowledged, in a file that no editor opens. An editor that
 * saves an older version over `admin.json` takes what was written since off the disk; here it still is when the gateway
 * is killed in that moment, or as long as a broken edit keeps it from writing `admin.json`.
 *
 * First line: JSON with the SHA-256 of the `admin.json` that it is to replace; then the document's text.
 */
export interface LastGood {
  read(): Promise<{ over: string; text: string } | undefined>;
  /** On the disk when it resolves. */
  write(text: string, over: string): Promise<void>;
}

export function createLastGood(path: string, files: FileLayer): LastGood {
  return {
    async read() {
      const text = await files.read(path);
      const end = text?.indexOf('\n') ?? -1;
      if (text === undefined || end < 0) return undefined;
      const over = /^\{"over":"([0-9a-f]*)"\}$/.exec(text.slice(0, end))?.[1];
      return over === undefined ? undefined : { over, text: text.slice(end + 1) };
    },
    async write(text, over) {
      const temporary = temporaryName(path);
      try {
        await files.create(temporary, `${JSON.stringify({ over })}\n${text}`);
        await files.sync(temporary);
        await files.rename(temporary, path);
      } catch (error) {
        await files.remove(temporary).catch(() => undefined);
        throw error;
      }
      await files.syncFolder(dirname(path));
    },
  };
}

export function lastGoodPath(dataDir: string, name: string): string {
  return join(dataDir, `${name}.last-good`);
}

export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
