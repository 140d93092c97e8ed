/** Runs what it is given, later and in order: one a turn of the event loop, so that none of it keeps the others waiting. */
export type OneATurn = (run: () => void) => void;

/** So many that have run may stay in the list before it is made anew. */
const maxDone = 1000;

/** `rests`: every other turn has none of it, so that others get on faster than its causers do. */
export function createOneATurn({ rests = false } = {}): OneATurn {
  const arm = (): void => void setImmediate(rests ? () => setImmediate(next) : next);
  let waiting: (() => void)[] = [];
  let done = 0;

  function next(): void {
    const run = waiting[done++]!;
    if (done === waiting.length || done > maxDone) {
      waiting = waiting.slice(done);
      done = 0;
    }
    if (waiting.length > 0) arm();
    run();
  }

  return (run) => {
    waiting.push(run);
    if (waiting.length === 1) arm();
  };
}
