import type { Fifty, Twenty } from './many.ts';
import type { Parts } from './parts.ts';
import type { RecordsSample } from './records.ts';
import type { Stall } from './stall.ts';
import type { Sample } from './ways.ts';

/** What was measured, for people and, as `figures`, for programs. */
interface Told<Figures> {
  text: string;
  figures: Figures;
}

export function waysText(samples: Map<string, Sample[]>): Told<Record<string, unknown>> & { ratios: object } {
  const middles = new Map([...samples].map(([name, all]) => [name, middleOf(all)]));
  const lines = [...samples].map(([name, all]) => {
    const { ms, privateMiB, pssMiB } = middleOf(all);
    const each = all.map((sample) => Math.round(sample.ms)).join(', ');
    return `${name.padEnd(11)} ${ms} ms (${each}), private ${privateMiB} MiB, PSS ${pssMiB} MiB`;
  });
  const over = (other: string) => {
    const [mine, theirs] = [middles.get('warm'), middles.get(other)];
    if (mine === undefined || theirs === undefined) return undefined;
    return { time: ratio(mine.ms, theirs.ms), memory: ratio(mine.privateMiB, theirs.privateMiB) };
  };
  const ratios = { jupyterhub: over('jupyterhub'), cold: over('cold') };
  const figures = Object.fromEntries(
    [...samples].map(([name, all]) => [name, { ...middleOf(all), allMs: all.map(({ ms }) => Math.round(ms)) }]),
  );
  return { text: lines.join('\n'), figures, ratios };
}

export function partsText(all: readonly Parts[]): Told<Parts> {
  const figures = middleOf(all);
  const { launchMs, setUpMs, answerMs, readyMs, totalMs, cpuMs } = figures;
  const text = `a warm start: launch ${launchMs} ms, set-up ${setUpMs} ms, first answer ${answerMs} ms, Hub and ready ${readyMs} ms: ${totalMs} ms; CPU of the server ${cpuMs} ms`;
  return { text, figures };
}

export function twentyText(figures: Twenty): Told<Twenty> {
  const { servers, privateMiB, pssMiB, forkServerPrivateMiB } = figures;
  const text = `${servers} warm servers: private ${privateMiB} MiB together; with the fork server (private ${forkServerPrivateMiB} MiB) PSS ${pssMiB} MiB`;
  return { text, figures };
}

export function fiftyText(figures: Fifty): Told<Fifty> {
  const { asked, lost, firstMs, lastMs } = figures;
  return { text: `${asked} starts asked for at once: ${lost} lost, first ${firstMs} ms, last ${lastMs} ms`, figures };
}

export function recordsText(all: readonly RecordsSample[]): Told<RecordsSample[]> {
  const sizes = [...new Set(all.map(({ records }) => records))];
  const figures = sizes.map((size) => middleOf(all.filter(({ records }) => records === size)));
  const lines = figures.map(
    ({ records, gatewayMs, startMs }) =>
      `${records} records, 20 running: gateway is up after ${gatewayMs} ms, one start ${startMs} ms`,
  );
  return { text: lines.join('\n'), figures };
}

export function stallText(figures: Stall): Told<Stall> {
  const { starts, mainMs, poolMs, idleMs } = figures;
  const text = `event loop of the main thread stalled by ${starts} starts: made there ${mainMs} ms, in the pool ${poolMs} ms, idle ${idleMs} ms`;
  return { text, figures };
}

/** The median of each number. */
function middleOf<T extends object>(all: readonly T[]): T {
  const names = Object.keys(all[0] ?? {}) as (keyof T)[];
  const middle = (name: keyof T): number => {
    const sorted = all.map((one) => Number(one[name])).toSorted((one, other) => one - other);
    return Math.round(sorted[Math.floor(sorted.length / 2)] ?? Number.NaN);
  };
  return Object.fromEntries(names.map((name) => [name, middle(name)])) as T;
}

function ratio(mine: number, theirs: number): number {
  return Math.round((mine / theirs) * 1000) / 1000;
}
