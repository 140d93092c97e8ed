/** How many a second, in the long run, and how many at once after a quiet time. */
export interface Rate {
  everyMs: number;
  burstMs: number;
}

/** Ten seconds' worth at once: a page with all that belongs to it, in several tabs. */
const burstS = 10;

/** Undefined for 0: no limit. */
export function rateOf(perSecond: number): Rate | undefined {
  return perSecond === 0 ? undefined : { everyMs: 1000 / perSecond, burstMs: burstS * 1000 };
}

/** A token bucket kept as one number: when it will be full again. To take from it is to compare and to add. */
export class RateBucket {
  #fullAtMs = 0;
  /** When its owner was last told of in the log, ms of the same clock. */
  toldAtMs = Number.NEGATIVE_INFINITY;

  /** False, and nothing is taken, where it is empty. */
  take(nowMs: number, rate: Rate): boolean {
    if (this.isEmpty(nowMs, rate)) return false;
    this.#fullAtMs = Math.max(this.#fullAtMs, nowMs) + rate.everyMs;
    return true;
  }

  isEmpty(nowMs: number, { everyMs, burstMs }: Rate): boolean {
    return this.#fullAtMs + everyMs - nowMs > burstMs;
  }
}
