import { SetupError } from '../../errors.ts';
import type { Check, Finding, NamedFinding, Subject } from './types.ts';

const defaultDeadlineMs = 10_000;
/** A check that heeds its signal can say more of what hung than this file can: it may have the first word. */
const graceMs = 500;

/** Runs one check within its deadline; whatever becomes of it, there is a finding that says so. */
export async function runCheck(check: Check, subject: Subject): Promise<NamedFinding[]> {
  const { name, deadlineMs = defaultDeadlineMs } = check;
  let timer: NodeJS.Timeout | undefined;
  // Ends the wait for what heeds no signal: a look-up of a name, a file system that is gone.
  const late = new Promise<Finding[]>((resolve) => {
    timer = setTimeout(() => resolve([lateFinding(deadlineMs)]), deadlineMs + graceMs);
  });
  const found = await Promise.race([look(check, subject, AbortSignal.timeout(deadlineMs)), late]);
  clearTimeout(timer);
  return found.map((finding) => Object.assign({ check: name }, finding));
}

async function look(check: Check, subject: Subject, signal: AbortSignal): Promise<Finding[]> {
  try {
    return await check.look(subject, signal);
  } catch (error) {
    return [fromError(error)];
  }
}

/** A `SetupError` is what the gateway itself would say at its start. */
export function fromError(error: unknown): Finding {
  if (error instanceof SetupError) return { outcome: 'fault', what: error.message, advice: error.advice };
  return { outcome: 'fault', what: 'This could not be looked at.', why: (error as Error).message };
}

function lateFinding(deadlineMs: number): Finding {
  return {
    outcome: 'fault',
    what: `This did not answer within ${deadlineMs / 1000} s.`,
    advice: 'See what keeps it waiting: a directory service, a network file system, a name server.',
  };
}
