import type { Clock } from '../clock.ts';
import { toGatewayError } from '../errors.ts';
import { keyText } from './types.ts';
import type { Servers, ServerView, StopAllRun } from './types.ts';

/** So many stops at once: each may end a whole process group and write the records. */
const atOnce = 8;

export interface StopAllParts {
  list: () => ServerView[];
  stop: Servers['stop'];
  clock: Clock;
}

/** Stops every server that is not at rest; one run at a time, whose state can be read. */
export function createStopAll({ list, stop, clock }: StopAllParts): Pick<Servers, 'stopAll' | 'stopAllRun'> {
  let run: StopAllRun | undefined;

  async function work(current: StopAllRun, queue: ServerView[], how: { by: string; force?: boolean }): Promise<void> {
    for (let view = queue.shift(); view !== undefined; view = queue.shift()) {
      try {
        await stop(view, how);
        current.stopped += 1;
      } catch (error) {
        current.failed.push({ server: keyText(view), reason: toGatewayError(error).message });
      }
    }
  }

  async function workAll(...of: Parameters<typeof work>): Promise<void> {
    await Promise.all(Array.from({ length: atOnce }, () => work(...of)));
    of[0].endedAt = new Date(clock.now()).toISOString();
  }

  return {
    stopAllRun: () => run,
    stopAll(how) {
      if (run?.endedAt === null) return run;
      const queue = list().filter(({ phase }) => phase !== 'stopped' && phase !== 'failed');
      const startedAt = new Date(clock.now()).toISOString();
      const current: StopAllRun = { by: how.by, startedAt, endedAt: null, total: queue.length, stopped: 0, failed: [] };
      run = current;
      void workAll(current, queue, how);
      return current;
    },
  };
}
