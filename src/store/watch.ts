import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Calls `look` soon after a file may have changed. The folder is watched, not the file: editors swap it for another.
 * A slow poll sees what no notice is sent for (NFS, a folder that came later); `look` itself must be cheap.
 */
export function watchFile(
  path: string,
  options: { look: () => void; resolve: () => Promise<string>; pollMs: number; settleMs?: number },
): { close(): void } {
  const { look, pollMs, settleMs = 30 } = options;
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const soon = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined;
      if (!closed) look();
    }, settleMs);
  };

  function watchFolderOf(file: string): void {
    const folder = dirname(file);
    if (closed || watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || name === basename(file) || folder !== dirname(path)) soon();
      });
      watcher.on('error', () => forget(folder, watcher));
      watchers.set(folder, watcher);
      // Saved there before anybody watched?
      soon();
    } catch {
      // Out of inotify watches, or no such folder: the poll goes on.
    }
  }

  function forget(folder: string, watcher: FSWatcher): void {
    watcher.close();
    if (watchers.get(folder) === watcher) watchers.delete(folder);
  }

  /** A symlink may lead to another folder, and to yet another one tomorrow. */
  function follow(): void {
    watchFolderOf(path);
    options.resolve().then(watchFolderOf, () => undefined);
  }

  follow();
  const poll = setInterval(() => {
    follow();
    look();
  }, pollMs).unref();
  return {
    close() {
      closed = true;
      clearInterval(poll);
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
}
