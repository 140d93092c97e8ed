import type { CommandResult } from '../../../workers/protocol.ts';
import { exitOfCode, signalName } from '../batch/exits.ts';
import type { Exit } from '../batch/exits.ts';
import { complaint } from '../runAs.ts';
import type { JobLook } from '../batch/system.ts';

/** How a site says that its batch system answers (config, `spawners.command`). */
export interface AnswerRules {
  title: string;
  states: readonly { match: string; is: 'pending' | 'up' | 'gone'; exit?: string | undefined; why: string }[];
  reason?: string | undefined;
  unknownJob: string;
}

/** What the poll command has said of one job. Only what a rule names counts: all else proves nothing. */
export function readAnswer(rules: AnswerRules, jobId: string, result: CommandResult): JobLook {
  if (result.fault !== null) return { state: 'unknown', why: result.fault };
  if (saysUnknown(rules, result)) return { state: 'none' };
  if (result.code !== 0) return { state: 'unknown', why: complaint(result) };
  const text = unfold(result.stdout);
  const rule = rules.states.find(({ match }) => new RegExp(match, 'm').test(text));
  if (rule === undefined) return { state: 'unknown', why: `${rules.title} said something else` };
  if (rule.is === 'pending') return { state: 'pending', detail: pendingText(rules, rule.why, jobId, text) };
  if (rule.is === 'up') return { state: 'up' };
  const exit = rule.exit === undefined ? undefined : exitOf(firstGroup(rule.exit, text));
  const why = rule.why === '' ? 'its job has ended' : rule.why;
  return {
    state: 'gone',
    ...(exit ?? { exitCode: null, signal: null }),
    detail: `${rules.title}: ${why} (job ${jobId})`,
    ended: rule.exit === undefined,
  };
}

/** Either output: PBS says it on standard error, others on standard output. */
export function saysUnknown({ unknownJob }: Pick<AnswerRules, 'unknownJob'>, result: CommandResult): boolean {
  return new RegExp(unknownJob, 'm').test(`${result.stderr}\n${result.stdout}`);
}

/** qstat breaks long lines, and begins what follows with a tab. */
function unfold(text: string): string {
  return text.replaceAll(/\n\t/g, '');
}

function pendingText(rules: AnswerRules, why: string, jobId: string, text: string): string {
  const found = rules.reason === undefined ? undefined : firstGroup(rules.reason, text);
  const reasons = [why, found?.trim().slice(0, 200) ?? ''].filter((reason) => reason !== '').join(', ');
  return `Job ${jobId} waits in the queue${reasons === '' ? '' : `: ${reasons}`}.`;
}

export function firstGroup(pattern: string, text: string): string | undefined {
  return new RegExp(pattern, 'm').exec(text)?.[1];
}

/** PBS counts a death by signal as 256 + its number, and its own failures below zero (pbs_job_attributes(7B), Exit_status). */
function exitOf(text: string | undefined): Exit | undefined {
  const code = Number(text);
  if (text === undefined || !Number.isInteger(code) || code < 0) return undefined;
  return code >= 256 ? { exitCode: null, signal: signalName(code - 256) } : exitOfCode(code);
}
