import type { Config } from '../../config/schema.ts';
import { complaint } from '../runAs.ts';
import type { RunAs } from '../runAs.ts';
import type { BatchSystem, JobLook } from '../batch/system.ts';
import { firstGroup, readAnswer, saysUnknown } from './readAnswer.ts';

/** A batch system by the commands that its site has declared: PBS and others (docs/spawners.md). */
export function createCommandSystem(options: {
  kind: string;
  config: Config['spawners']['command'][string];
  run: RunAs;
  now: () => number;
}): BatchSystem {
  const { kind, config, run, now } = options;
  const answers = new Map<string, { atMs: number; look: Promise<JobLook> }>();

  return {
    kind,
    title: config.title,
    directives: config.directives,
    async submit({ plan, startId, script }) {
      const own = fill(config.submit, { name: nameOf(startId) });
      const result = await run(withArguments(own, plan.submit ?? []), { user: plan.account, input: script });
      const jobId = result.fault === null && result.code === 0 ? firstGroup(config.id, result.stdout) : undefined;
      if (jobId !== undefined && isPlain(jobId)) return { jobId };
      // It was ended for hanging, or has said that all is well and no id: the job may be there.
      return { refused: complaint(result), doubtful: result.fault !== null || result.code === 0 };
    },
    look(jobId, user) {
      const known = answers.get(jobId);
      if (known !== undefined && now() - known.atMs < config.pollIntervalS * 1000) return known.look;
      const look = run(fill(config.poll, { job: jobId }), { user }).then((result) => readAnswer(config, jobId, result));
      answers.set(jobId, { atMs: now(), look });
      return look;
    },
    async findJob(startId, user) {
      if (config.find === undefined) return 'none';
      const result = await run(fill(config.find, { name: nameOf(startId) }), { user });
      if (result.fault !== null || result.code !== 0) return { unknown: complaint(result) };
      const jobId = firstGroup(config.id, result.stdout);
      return jobId !== undefined && isPlain(jobId) ? { jobId } : 'none';
    },
    async cancel({ jobId, how, user }) {
      // Its relay is told to end as soon as the server is gone from the records.
      if (jobId === '') return 'its id is not known';
      const command = how === 'kill' ? (config.kill ?? config.cancel) : config.cancel;
      const result = await run(fill(command, { job: jobId }), { user });
      const gone = result.fault === null && (result.code === 0 || saysUnknown(config, result));
      return gone ? undefined : complaint(result);
    },
    changed: () => answers.clear(),
    forget: (jobId) => void answers.delete(jobId),
  };
}

/** Names of jobs have had 15 characters at most in some systems, and begin with a letter. */
function nameOf(startId: string): string {
  return `cui${startId.slice(0, 12)}`;
}

/** An id is given to other commands as an argument: it must not look like an option. */
function isPlain(jobId: string): boolean {
  return /^[A-Za-z0-9][\w.:@[\]-]{0,254}$/.test(jobId);
}

function withArguments(words: readonly string[], args: readonly string[]): string[] {
  return words.flatMap((word) => (word === '{args}' ? args : [word]));
}

function fill(words: readonly string[], values: Readonly<Record<string, string>>): string[] {
  return words.map((word) => word.replaceAll(/\{(name|job)\}/g, (whole, name: string) => values[name] ?? whole));
}
