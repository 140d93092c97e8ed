import { setFlagsFromString } from 'node:v8';

/**
 * Left to itself, V8 lets the garbage of some ten thousand requests pile up to several times what is in use before it
 * collects it. Half as much again costs no CPU that could be measured (`docs/performance.md`).
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=50');
}
