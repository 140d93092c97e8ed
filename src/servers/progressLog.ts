import type { Clock } from '../clock.ts';
import type { ProgressEvent } from './types.ts';

export type NewEvent = Omit<ProgressEvent, 'id' | 'at'>;

/** The events of one start or stop: kept for late comers, ended by a final one. */
export interface ProgressLog {
  add(event: NewEvent): void;
  /** Adds the final event; later ones are ignored. */
  end(event: NewEvent): void;
  readonly ended: boolean;
  /** All events so far, then new ones until the final one, or until `signal` aborts. */
  follow(signal?: AbortSignal): AsyncIterable<ProgressEvent>;
}

/** A start says at most a few dozen things; a spawner that repeats itself must not fill the memory. */
const maxEvents = 500;

export function createProgressLog(clock: Clock): ProgressLog {
  const events: ProgressEvent[] = [];
  const waiting = new Set<() => void>();
  let ended = false;
  const push = (event: NewEvent): void => {
    if (ended) return;
    const last = events.at(-1);
    if (last?.message === event.message && last.phase === event.phase && !event.ready && !event.failed) return;
    if (events.length >= maxEvents) events.splice(1, 1);
    events.push({ ...event, id: (last?.id ?? 0) + 1, at: new Date(clock.now()).toISOString() });
    for (const wake of waiting) wake();
  };
  return {
    get ended() {
      return ended;
    },
    add: push,
    end(event) {
      push(event);
      ended = true;
      for (const wake of waiting) wake();
    },
    async *follow(signal) {
      let seen = 0;
      for (;;) {
        for (const event of events.filter(({ id }) => id > seen)) {
          seen = event.id;
          yield event;
        }
        if (signal?.aborted) return;
        if ((events.at(-1)?.id ?? 0) > seen) continue;
        if (ended) return;
        await nextChange(waiting, signal);
      }
    },
  };
}

function nextChange(waiting: Set<() => void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      waiting.delete(wake);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    waiting.add(wake);
    signal?.addEventListener('abort', wake);
  });
}
