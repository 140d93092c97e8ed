import { readFile } from 'node:fs/promises';
import { jobsShell } from '../../cylc/jobsShell.ts';
import { limitsSource } from '../../../servers/cylcConfig.ts';
import type { Program } from '../../../servers/programs.ts';
import { ask, lastLines } from '../ask.ts';
import { programsOf } from '../programsOf.ts';
import type { Check, Finding, Subject } from '../types.ts';

/** Whether servers can read the site's limits on what owners may give away: if not, they give nothing. */
export const siteLimits: Check = {
  name: 'Site limits',
  deadlineMs: 30_000,
  async look(subject, signal) {
    const source = await readFile(limitsSource(), 'utf8');
    const found: Finding[] = [];
    for (const program of programsOf(subject))
      if (program.python !== undefined)
        found.push(await lookAt(program, program.python.python, source, subject, signal));
    return found;
  },
};

/** The very code that the server runs, by its Python: of everybody's servers by a user who is nobody. */
async function lookAt(
  program: Program,
  python: string,
  source: string,
  { uid, config }: Subject,
  signal: AbortSignal,
): Promise<Finding> {
  const { environment, sudo } = config.servers;
  const owner = uid === 0 || sudo !== undefined ? 'everybody' : 'self';
  const { env, as } = jobsShell({ program, environment, owner, signal });
  const script = `${source}\nimport sys\nprint(site_fault() or '')\n`;
  const answer = await ask([python, '-I', '-c', script], { env, signal, ...(as && { as }) });
  const why = answer.code === 0 ? answer.stdout.trim() : lastLines(answer.stderr, 3);
  if (why === '') return { outcome: 'ok', what: `Servers of ${program.path} can read the limits of the site.` };
  return {
    outcome: answer.code === 0 ? 'fault' : 'warn',
    what:
      answer.code === 0
        ? `Servers of ${program.path} do not know the limits of the site, and give access to nobody but their owners.`
        : `Whether servers of ${program.path} can read the limits of the site cannot be told.`,
    why,
    advice:
      'Let everybody read that file and the folders above it, and see that it runs. Servers read it at their start.',
  };
}
