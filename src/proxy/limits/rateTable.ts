import { RateBucket } from './rateBucket.ts';
import type { Rate } from './rateBucket.ts';

/** Addresses are an attacker's to choose: so many are remembered at most, and the oldest go first. */
const maxRemembered = 20_000;

/** A bucket for everybody of one kind: addresses, accounts. */
export class RateTable {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, RateBucket>();
  #someEmptyUntilMs = 0;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** The bucket, where it was empty; undefined where one was taken. */
  take(key: string, nowMs: number): RateBucket | undefined {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) this.#remember(key, (bucket = new RateBucket()));
    if (bucket.take(nowMs, this.#rate)) return undefined;
    this.#someEmptyUntilMs = nowMs + this.#rate.everyMs;
    return bucket;
  }

  /** Whether any of them may be empty: at most times, nobody need be looked up. */
  mayBeEmpty(nowMs: number): boolean {
    return nowMs <= this.#someEmptyUntilMs;
  }

  isEmpty(key: string, nowMs: number): boolean {
    return this.#buckets.get(key)?.isEmpty(nowMs, this.#rate) ?? false;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #remember(key: string, bucket: RateBucket): void {
    if (this.#buckets.size >= maxRemembered) this.#buckets.delete(this.#buckets.keys().next().value!);
    this.#buckets.set(key, bucket);
  }
}
