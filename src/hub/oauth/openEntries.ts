import type { Clock } from '../../clock.ts';

/** Entries that a session has open at once; with one more its oldest goes. Far more than browsers open tabs. */
const mostPerSession = 100;

/** What is kept for a while under a key that nobody can guess, each for the session of a browser. */
export interface OpenEntries<Value> {
  add(key: string, sessionId: string, value: Value): void;
  /** Undefined where it is not there any more. */
  get(key: string): Value | undefined;
  delete(key: string): void;
  forgetSession(sessionId: string): void;
}

/**
 * All live equally long, so they end in the order in which they came: the cost of adding one does not grow with what is
 * open, and one session cannot fill the memory.
 */
export function createOpenEntries<Value>(deps: { clock: Clock; lifetimeMs: number }): OpenEntries<Value> {
  const entries = new Map<string, { sessionId: string; value: Value; expiresAt: number }>();
  const bySession = new Map<string, Set<string>>();

  function remove(key: string): void {
    const sessionId = entries.get(key)?.sessionId;
    if (sessionId === undefined) return;
    entries.delete(key);
    const keys = bySession.get(sessionId);
    keys?.delete(key);
    if (keys?.size === 0) bySession.delete(sessionId);
  }

  function sweep(): void {
    for (const [key, { expiresAt }] of entries) {
      if (expiresAt > deps.clock.now()) return;
      remove(key);
    }
  }

  return {
    add(key, sessionId, value) {
      sweep();
      const [oldest] = bySession.get(sessionId) ?? [];
      if (oldest !== undefined && bySession.get(sessionId)!.size >= mostPerSession) remove(oldest);
      entries.set(key, { sessionId, value, expiresAt: deps.clock.now() + deps.lifetimeMs });
      const keys = bySession.get(sessionId) ?? new Set<string>();
      bySession.set(sessionId, keys.add(key));
    },
    get(key) {
      const entry = entries.get(key);
      return entry === undefined || entry.expiresAt <= deps.clock.now() ? undefined : entry.value;
    },
    delete: remove,
    forgetSession(sessionId) {
      for (const key of bySession.get(sessionId) ?? []) remove(key);
    },
  };
}
