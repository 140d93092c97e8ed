import { collectDefaultMetrics, Counter, Registry, Summary } from 'prom-client';
import type { Metric } from 'prom-client';

export interface Sample {
  labels?: Readonly<Record<string, string>>;
  value: number;
}

/** One series of a histogram: how many in each bucket (not added up), the last one for all above the highest bound. */
export interface Distribution {
  labels: Readonly<Record<string, string>>;
  buckets: readonly number[];
  sum: number;
}

type Read<T> = () => Iterable<T> | Promise<Iterable<T>>;

/**
 * The metrics of one program. What is counted is counted elsewhere, in plain numbers, and read when Prometheus asks:
 * counting costs an addition, and nothing is kept twice.
 */
export interface MetricRegistry {
  readonly counter: (name: string, help: string, read: Read<Sample>) => void;
  readonly gauge: (name: string, help: string, read: Read<Sample>) => void;
  readonly histogram: (name: string, help: string, bounds: readonly number[], read: Read<Distribution>) => void;
  /** Content type and text of the answer to Prometheus. */
  render(): Promise<{ type: string; text: string }>;
}

/** With the metrics of the process: CPU, memory, open files, event-loop lag, garbage collection. */
export function createMetricRegistry(): MetricRegistry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const add = (metric: { name: string; help: string; type: string; get(): Promise<object> }): void =>
    // The registry asks a metric for no more than this, though its type names a class.
    registry.registerMetric(metric as unknown as Metric);
  const plain =
    (type: 'counter' | 'gauge') =>
    (name: string, help: string, read: Read<Sample>): void =>
      add({ name, help, type, get: async () => ({ name, help, type, values: [...(await read())] }) });
  return {
    counter: plain('counter'),
    gauge: plain('gauge'),
    histogram: (name, help, bounds, read) =>
      add({
        name,
        help,
        type: 'histogram',
        get: async () => ({
          name,
          help,
          type: 'histogram',
          values: [...(await read())].flatMap((one) => toSamples(name, bounds, one)),
        }),
      }),
    render: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
}

/** Prometheus wants each bucket to hold all that is below its bound. */
function toSamples(name: string, bounds: readonly number[], { labels, buckets, sum }: Distribution) {
  let count = 0;
  const steps = [...bounds.map(String), '+Inf'].map((le, index) => {
    count += buckets[index] ?? 0;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
  });
  return [
    ...steps,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

/** Counters and summaries that are told as things happen, for the names of configurable-http-proxy. */
export function createToldMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    count: (name: string, help: string): Counter => new Counter({ name, help, registers }),
    countByStatus: (name: string, help: string): Counter<'status'> =>
      new Counter({ name, help, labelNames: ['status'], registers }),
    summary: (name: string, help: string): Summary => new Summary({ name, help, registers }),
    render: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
}
