/** What must hold before the gateway should get requests, each with a plain yes or no: no path, name or cause is told. */
export interface Readiness {
  ready: boolean;
  checks: Readonly<Record<'listening' | 'reconciled' | 'store' | 'workers', boolean>>;
}

/** Anyone may ask, as often as they like: the threads are asked at most once in so long, ms. */
const workersFreshMs = 5000;

export function createReadiness(parts: {
  isListening: () => boolean;
  /** What an earlier run left running has been found again. */
  isReconciled: () => boolean;
  /** Whether all documents of the store can be written, as far as the last write tells. */
  isWritable: () => boolean;
  /** A thread of the job pool does its work. */
  workersAnswer: () => Promise<boolean>;
  now: () => number;
}): () => Promise<Readiness> {
  let askedAtMs = -Infinity;
  let workers: Promise<boolean> | undefined;
  return async () => {
    if (workers === undefined || parts.now() - askedAtMs >= workersFreshMs) {
      askedAtMs = parts.now();
      workers = parts.workersAnswer().catch(() => false);
    }
    const answer = await workers;
    const checks = {
      listening: parts.isListening(),
      reconciled: parts.isReconciled(),
      store: parts.isWritable(),
      workers: answer,
    };
    return { ready: Object.values(checks).every(Boolean), checks };
  };
}
