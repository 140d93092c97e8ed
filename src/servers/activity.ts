import type { Clock } from '../clock.ts';
import type { Records } from './records.ts';
import { keyText } from './types.ts';
import type { ServerKey, ServerView } from './types.ts';

/** When a person last did something at a server: kept in memory, since it changes with every request. */
export interface Activity {
  touch(key: ServerKey): void;
  overlay(view: ServerView): ServerView;
  forget(key: ServerKey): void;
  /** Writes what is new to the store, at most once a minute. */
  flush(): Promise<void>;
}

const flushMs = 60_000;

export function createActivity({ records, clock }: { records: Records; clock: Clock }): Activity {
  const last = new Map<string, { key: ServerKey; atMs: number }>();
  let flushedAt = clock.now();
  return {
    touch: (key) => void last.set(keyText(key), { key, atMs: clock.now() }),
    overlay(view) {
      const seen = last.get(keyText(view));
      if (seen === undefined || seen.atMs <= Date.parse(view.lastActivityAt ?? '0')) return view;
      return { ...view, lastActivityAt: new Date(seen.atMs).toISOString() };
    },
    forget: (key) => void last.delete(keyText(key)),
    async flush() {
      if (clock.now() - flushedAt < flushMs) return;
      flushedAt = clock.now();
      const seen = [...last.values()];
      last.clear();
      const known = seen.filter(({ key }) => records.get(key) !== undefined);
      await Promise.all(
        known.map(({ key, atMs }) => records.update(key, { lastActivityAt: new Date(atMs).toISOString() })),
      );
    },
  };
}
