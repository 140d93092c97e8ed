import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** How often it is asked whether the program is quiet, ms. */
const everyMs = 2000;
/** Share of that time in which it did something; its own timers take 0.002 to 0.004, fifty requests a second as much. */
const quietShare = 0.006;
/** Between two collections, ms: whoever comes in such a moment waits, if only once. */
const restMs = 600_000;
/** What the heap must have grown by since it was last made small, bytes: less is not worth a pause of a tenth of a second. */
const worthBytes = 12 * 1024 * 1024;

/**
 * V8 keeps what its heap once needed: a gateway that has just started, or was busy in the morning, would sit on some
 * 50 MiB for good. Whenever there is nothing to do, all garbage is collected and the room for it given back.
 */
export function giveBackWhenQuiet({ interval = everyMs }: { interval?: number } = {}): void {
  const collect = collector();
  let before = performance.eventLoopUtilization();
  let kept = 0;
  let next = 0;
  setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    if (utilization > quietShare || heapBytes() - kept < worthBytes || performance.now() < next) return;
    collect();
    kept = heapBytes();
    next = performance.now() + restMs;
  }, interval).unref();
}

function heapBytes(): number {
  return getHeapStatistics().total_heap_size;
}

/** Of V8's ways to collect, the one that also makes the heap small again. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { type: 'major'; flavor: 'last-resort' }) => void;
  return () => collect({ type: 'major', flavor: 'last-resort' });
}
