import { userInfo } from 'node:os';
import type { Program } from '../../servers/programs.ts';
import { cures, jobsShell, whyNotFound, whyStuck } from './jobsShell.ts';
import { linkPath, makeLoginLink } from './loginLink.ts';
import { findAtLogin } from './loginShell.ts';

const deadlineMs = 10_000;

interface Options {
  program: Program;
  environment?: Readonly<Record<string, string>>;
}

/**
 * Makes jobs of the user who runs this find Cylc, by a link in `~/.local/bin`, where their login shell has none.
 * Returns what they should know, if anything; never throws.
 */
export async function linkForOwnJobs(options: Options): Promise<string | undefined> {
  const find = () => findAtLogin(jobsShell({ ...options, owner: 'self', signal: AbortSignal.timeout(deadlineMs) }));
  const { homedir: home } = userInfo();
  try {
    if ((await find()) !== undefined) return undefined;
    if ((await makeLoginLink(home, options.program.path)) === 'taken')
      return `${linkPath(home)} exists and was left alone. ${whyStuck} ${whyNotFound(home)}`;
    if ((await find()) === undefined) return `${whyStuck} ${whyNotFound(home)}`;
    return `Jobs of your workflows find Cylc by the new link ${linkPath(home)} (npm run cylc:install -- --unlink removes it).`;
  } catch (error) {
    return `It could not be checked whether jobs find \`cylc\`: ${(error as Error).message}. ${whyStuck}`;
  }
}

/** Whether jobs find a `cylc`: what to say if they do not, or if that cannot be told; never throws. */
export async function missingForJobs(options: Options & { owner: 'self' | 'everybody' }): Promise<string | undefined> {
  const shell = jobsShell({ ...options, signal: AbortSignal.timeout(deadlineMs) });
  try {
    if ((await findAtLogin(shell)) !== undefined) return undefined;
    return `${whyStuck} ${cures(options.program.path, options.owner)}`;
  } catch (error) {
    return `It could not be checked whether jobs find \`cylc\`: ${(error as Error).message}. ${whyStuck}`;
  }
}
