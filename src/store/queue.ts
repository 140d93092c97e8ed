/** Runs one piece of work at a time, in the order asked for. */
export type Queue = <R>(work: () => Promise<R>) => Promise<R>;

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const run = last.then(work, work);
    last = run.catch(() => undefined);
    return run;
  };
}
