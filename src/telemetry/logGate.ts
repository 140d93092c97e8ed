import type { Logger } from './log.ts';

/** Lines at once, and lines a second after that. */
const burst = 200;
const perS = 20;
const tellAfterMs = 10_000;

/** Writes one line, or only counts it. */
export type GatedLog = (fields: object, message: string) => void;

/**
 * A log that its causer cannot flood: anybody may send requests that are refused, as fast as the line goes, and a full
 * disk harms all. What is left out is counted, and the count told (jupyterhub CVE-2026-54338, ondemand CVE-2025-53636).
 */
export function createLogGate(
  log: Logger,
  level: 'info' | 'warn',
  now: () => number = () => performance.now(),
): GatedLog {
  let left = burst;
  let filledAt = now();
  let leftOut = 0;

  function tell(): void {
    log.warn({ count: leftOut }, 'lines were left out: too many refusals or failures at once');
    leftOut = 0;
  }

  return (fields, message) => {
    const at = now();
    left = Math.min(burst, left + ((at - filledAt) / 1000) * perS);
    filledAt = at;
    if (left >= 1) {
      left -= 1;
      log[level](fields, message);
      return;
    }
    if (leftOut === 0) setTimeout(tell, tellAfterMs).unref();
    leftOut += 1;
  };
}
