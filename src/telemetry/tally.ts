import type { Distribution, Sample } from './prometheus.ts';

/** Most series of one metric: labels come from our own tables, and should one not, it costs no more than this. */
const maxSeries = 500;

/** A count for each set of labels. */
export interface Tally<L extends string> {
  add(labels: Readonly<Record<L, string>>): void;
  read(): Sample[];
}

export function createTally<L extends string>(): Tally<L> {
  const counts = new Map<string, { labels: Readonly<Record<L, string>>; value: number }>();
  return {
    add(labels) {
      const key = Object.values(labels).join('\0');
      const known = counts.get(key);
      if (known !== undefined) known.value += 1;
      else if (counts.size < maxSeries) counts.set(key, { labels, value: 1 });
    },
    read: () => [...counts.values()],
  };
}

/** How long things took, for each set of labels. */
export interface Timings<L extends string> {
  readonly bounds: readonly number[];
  add(labels: Readonly<Record<L, string>>, seconds: number): void;
  read(): Distribution[];
}

/** `bounds` in seconds, ascending. */
export function createTimings<L extends string>(bounds: readonly number[]): Timings<L> {
  const series = new Map<string, { labels: Readonly<Record<L, string>>; buckets: number[]; sum: number }>();
  return {
    bounds,
    add(labels, seconds) {
      const key = Object.values(labels).join('\0');
      let one = series.get(key);
      if (one === undefined) {
        if (series.size >= maxSeries) return;
        one = { labels, buckets: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 };
        series.set(key, one);
      }
      const at = bounds.findIndex((bound) => seconds <= bound);
      one.buckets[at === -1 ? bounds.length : at]! += 1;
      one.sum += seconds;
    },
    read: () => [...series.values()],
  };
}
