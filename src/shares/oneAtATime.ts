/**
 * Runs a task for a key: one at a time for each, and once more for all calls that came meanwhile. So nobody makes many of
 * them wait for a server that does not answer.
 */
export function createOneAtATime<Key>(
  idOf: (key: Key) => string,
  task: (key: Key) => Promise<void>,
): (key: Key) => Promise<void> {
  const running = new Map<string, { again: boolean }>();
  return async (key) => {
    const id = idOf(key);
    const now = running.get(id);
    if (now !== undefined) {
      now.again = true;
      return;
    }
    const run = { again: true };
    running.set(id, run);
    try {
      while (run.again) {
        run.again = false;
        await task(key);
      }
    } finally {
      running.delete(id);
    }
  };
}
