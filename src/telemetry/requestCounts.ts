import type { Distribution, Sample } from './prometheus.ts';

/** What requests are for: the hop's two kinds of target, the REST API, and everything else of our own. */
const kinds = ['server', 'service', 'api', 'page'] as const;
export type RequestKind = (typeof kinds)[number];

const classes = ['1xx', '2xx', '3xx', '4xx', '5xx', 'gone'] as const;
/** The client left before its answer was complete. */
const clientGone = 499;

/** Upper bounds of the hop's duration histogram, seconds. */
export const hopBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** Counts of one kind: an array of integers for the classes of status, one for the buckets of time. */
class KindCounts {
  readonly byClass: number[] = classes.map(() => 0);
  readonly buckets: number[] = [...hopBounds.map(() => 0), 0];
  seconds = 0;
  webSockets = 0;
}

/**
 * Counts of requests, in the way of every one of them: integers at fixed places, no label is looked up and nothing is
 * allocated. They are read when somebody asks for the metrics.
 */
export class RequestCounts {
  readonly #of: Readonly<Record<RequestKind, KindCounts>> = {
    server: new KindCounts(),
    service: new KindCounts(),
    api: new KindCounts(),
    page: new KindCounts(),
  };

  answered(kind: RequestKind, status: number): void {
    this.#of[kind].byClass[classOf(status)]! += 1;
  }

  /** An exchange of the hop is over: with which status, and how long it took in ms. */
  carried(kind: 'server' | 'service', status: number, ms: number): void {
    const counts = this.#of[kind];
    counts.byClass[classOf(status)]! += 1;
    const seconds = ms / 1000;
    let bucket = 0;
    while (bucket < hopBounds.length && seconds > hopBounds[bucket]!) bucket += 1;
    counts.buckets[bucket]! += 1;
    counts.seconds += seconds;
  }

  webSocketOpened(kind: 'server' | 'service'): void {
    const counts = this.#of[kind];
    counts.byClass[0]! += 1;
    counts.webSockets += 1;
  }

  webSocketClosed(kind: 'server' | 'service'): void {
    this.#of[kind].webSockets -= 1;
  }

  requests(): Sample[] {
    return kinds.flatMap((kind) =>
      classes.map((status, index) => ({ labels: { kind, status }, value: this.#of[kind].byClass[index]! })),
    );
  }

  durations(): Distribution[] {
    return (['server', 'service'] as const).map((kind) => ({
      labels: { kind },
      buckets: this.#of[kind].buckets,
      sum: this.#of[kind].seconds,
    }));
  }

  webSockets(): Sample[] {
    return (['server', 'service'] as const).map((kind) => ({ labels: { kind }, value: this.#of[kind].webSockets }));
  }

  /** All that are open now. */
  get openWebSockets(): number {
    return this.#of.server.webSockets + this.#of.service.webSockets;
  }
}

function classOf(status: number): number {
  return status === clientGone ? 5 : Math.min(Math.max(Math.trunc(status / 100) - 1, 0), 4);
}
