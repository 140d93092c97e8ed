import type { RunAs, RunOptions } from '../runAs.ts';
import { complaint } from '../runAs.ts';
import { parseExit, parseQueue, queueFormat } from './jobState.ts';
import type { SlurmJob } from './jobState.ts';

/** What Slurm's commands say of our jobs. One call serves all of them: slurmctld has others to answer too. */
export interface SlurmQueue {
  /** `none`: Slurm knows it no more, or never did. `unknown`: the command failed, which proves nothing. */
  look(jobId: string, user: RunOptions['user']): Promise<SlurmJob | 'none' | { unknown: string }>;
  byName(name: string, user: RunOptions['user']): Promise<SlurmJob | 'none' | { unknown: string }>;
  /** How it ended, as far as Slurm remembers: from the controller, then from accounting. */
  exitOf(jobId: string): Promise<ReturnType<typeof parseExit>>;
  /** What was asked before is no longer true. */
  forget(): void;
}

/** A job that nobody has asked for so long is not asked for any more. */
const dropAfterMs = 600_000;

type Seen = { jobs: Map<string, SlurmJob> } | { unknown: string };

export function createSlurmQueue(options: {
  run: RunAs;
  /** Path of one of Slurm's commands. */
  tool: (name: string) => string;
  maxAgeMs: number;
  now: () => number;
}): SlurmQueue {
  const { run, tool, maxAgeMs, now } = options;
  const watched = new Map<string, number>();
  let last: { atMs: number; seen: Promise<Seen> } | undefined;

  async function ask(filter: readonly string[], user?: RunOptions['user']): Promise<Seen> {
    const command = [tool('squeue'), '--noheader', '--states=all', `--format=${queueFormat}`, ...filter];
    const result = await run(command, { user });
    // One id alone that Slurm does not know is an error to squeue; among others it is just not listed.
    if (result.fault === null && result.code !== 0 && /Invalid job id specified/i.test(result.stderr))
      return { jobs: new Map() };
    if (result.fault !== null || result.code !== 0) return { unknown: `squeue: ${complaint(result)}` };
    try {
      return { jobs: new Map(parseQueue(result.stdout).map((job) => [job.id, job])) };
    } catch (error) {
      return { unknown: (error as Error).message };
    }
  }

  function snapshot(): Promise<Seen> {
    const time = now();
    if (last !== undefined && time - last.atMs < maxAgeMs) return last.seen;
    for (const [id, atMs] of watched) if (time - atMs > dropAfterMs) watched.delete(id);
    last = { atMs: time, seen: ask([`--jobs=${[...watched.keys()].join(',')}`]) };
    return last.seen;
  }

  async function look(jobId: string, user: RunOptions['user']): ReturnType<SlurmQueue['look']> {
    const isNew = !watched.has(jobId);
    watched.set(jobId, now());
    if (isNew) last = undefined;
    const seen = await snapshot();
    if ('unknown' in seen) return seen;
    const job = seen.jobs.get(jobId);
    if (job !== undefined || user === undefined) return job ?? 'none';
    // Slurm may hide jobs from other users (PrivateData): the owner has the last word.
    const own = await ask([`--jobs=${jobId}`], user);
    return 'unknown' in own ? own : (own.jobs.get(jobId) ?? 'none');
  }

  return {
    look,
    async byName(name, user) {
      const seen = await ask([`--name=${name}`], user);
      if ('unknown' in seen) return seen;
      return [...seen.jobs.values()].find((job) => job.name === name) ?? 'none';
    },
    async exitOf(jobId) {
      const shown = await run([tool('scontrol'), '--oneliner', 'show', 'job', jobId]);
      const known = shown.code === 0 ? parseExit(shown.stdout) : undefined;
      if (known !== undefined) return known;
      const format = ['--allocations', '--noheader', '--parsable2', '--format=State,ExitCode', `--jobs=${jobId}`];
      const counted = await run([tool('sacct'), ...format]);
      const [state = '', exit = ''] = counted.stdout.trim().split('|');
      return counted.code === 0 ? parseExit(`JobState=${state.split(' ')[0]} ExitCode=${exit}`) : undefined;
    },
    forget: () => void (last = undefined),
  };
}
