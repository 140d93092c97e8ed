import { cures, jobsShell, whyStuck } from '../../cylc/jobsShell.ts';
import type { JobOwner } from '../../cylc/jobsShell.ts';
import type { LoginShell } from '../../cylc/loginShell.ts';
import { runAtLogin } from '../../cylc/loginShell.ts';
import type { Program } from '../../../servers/programs.ts';
import { ask, firstLine } from '../ask.ts';
import { programsOf } from '../programsOf.ts';
import type { Check, Finding, Subject } from '../types.ts';

/** Whether jobs that are played from the GUI find a `cylc` that runs: the scheduler hears nothing of them otherwise. */
export const jobs: Check = {
  name: 'Jobs',
  deadlineMs: 30_000,
  async look(subject, signal) {
    const found: Finding[] = [];
    for (const program of programsOf(subject))
      if (program.kind === 'cylc') found.push(await lookAt(program, subject, signal));
    return found;
  },
};

async function lookAt(program: Program, { uid, config }: Subject, signal: AbortSignal): Promise<Finding> {
  const { environment, sudo } = config.servers;
  const owner: JobOwner = uid === 0 || sudo !== undefined ? 'everybody' : 'self';
  const shell = jobsShell({ program, environment, owner, signal });
  const version = await versionOf(program.path, shell);
  // A wrapper hands on its own choice; behind one, the version says nothing.
  const seen = await runAtLogin(shell, program.python === undefined ? undefined : version).catch(
    (error: unknown) => (error as Error).message,
  );
  if (typeof seen === 'string') return { outcome: 'warn', what: 'Whether jobs find `cylc` cannot be told.', why: seen };
  if (seen.path === undefined) return missing(program, owner, shell);
  if (seen.fault !== undefined)
    return {
      outcome: 'fault',
      what: `Jobs of ${program.path} find ${seen.path}, which does not run there.`,
      why: seen.fault || 'It says nothing.',
      advice: `Wrappers look for an environment called cylc-${version ?? 'VERSION'}: make one, or a link of that name.`,
    };
  const other = version !== undefined && seen.version !== version;
  const what = `Jobs of ${program.path} find ${seen.path} (${seen.version})`;
  if (!other) return { outcome: 'ok', what };
  return {
    outcome: major(seen.version) === major(version) ? 'warn' : 'fault',
    what: `${what}, but their scheduler is ${version}.`,
    advice: cures(program.path, owner),
  };
}

async function missing({ path }: Program, owner: JobOwner, { env, as, signal }: LoginShell): Promise<Finding> {
  const setting = await ask([path, 'config', '-i', '[platforms][localhost]cylc path'], {
    env,
    signal,
    ...(as && { as }),
  });
  const cylcPath = setting.code === 0 ? firstLine(setting.stdout) : '';
  if (cylcPath !== '') return { outcome: 'ok', what: `Jobs of ${path} find Cylc by \`cylc path\`: ${cylcPath}` };
  return {
    outcome: 'fault',
    what: `Jobs of ${path} do not find \`cylc\`: tasks that are played from the GUI stay "submitted" for ever.`,
    why: whyStuck,
    advice: cures(path, owner),
  };
}

async function versionOf(cylc: string, { env, as, signal }: LoginShell): Promise<string | undefined> {
  const answer = await ask([cylc, 'version'], { env, signal, ...(as && { as }) });
  return answer.code === 0 ? firstLine(answer.stdout) : undefined;
}

function major(version = ''): string {
  return version.split('.', 1)[0] ?? '';
}
