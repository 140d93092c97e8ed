/** Something that must not wait for ever. */
export interface Expiring {
  /** Tick after which it expires; 0 for never. May be changed at any time. */
  deadline: number;
  expire(): void;
}

/**
 * One coarse timer for all deadlines: to set one is to write a number, where a timer for each would cost more than
 * the rest of the bookkeeping of a request. Deadlines are kept to within one tick, and never too early.
 */
export interface Ticker {
  after(ms: number): number;
  add(item: Expiring): void;
  remove(item: Expiring): void;
}

export function createTicker({ tickMs = 250 }: { tickMs?: number } = {}): Ticker {
  const items = new Set<Expiring>();
  let now = 1;
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    now += 1;
    for (const item of items) if (item.deadline !== 0 && item.deadline < now) item.expire();
  }

  return {
    after: (ms) => now + Math.ceil(ms / tickMs),
    add(item) {
      items.add(item);
      timer ??= setInterval(tick, tickMs).unref();
    },
    remove(item) {
      items.delete(item);
      if (items.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
  };
}
