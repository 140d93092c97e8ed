import { trustFault } from '../../../spawners/trust.ts';
import { probePython } from '../../cylc/probePython.ts';
import { programsOf } from '../programsOf.ts';
import type { Check, Finding } from '../types.ts';

/** The Python that each Cylc stands on: it runs, and may be kept ready for quick starts. */
export const python: Check = {
  name: 'Python',
  async look(subject) {
    const paths = programsOf(subject).flatMap((program) => program.python?.python ?? []);
    const found = await Promise.all([...new Set(paths)].map((path) => checkPython(path, subject)));
    return found;
  },
};

async function checkPython(path: string, { uid, config }: Parameters<Check['look']>[0]): Promise<Finding> {
  const probed = await probePython(path);
  if (probed === undefined)
    return {
      outcome: 'fault',
      what: `${path} does not run.`,
      why: 'Cylc is a program of that Python.',
      advice: 'Install Cylc anew (npm run cylc:install), or set servers.cylc.',
    };
  const fault = config.servers.warmStart ? await trustFault(path, uid) : undefined;
  if (fault === undefined) return { outcome: 'ok', what: `${probed.version} (${path})` };
  return {
    outcome: 'warn',
    what: `${probed.version} (${path}) is not kept ready: servers start slowly.`,
    why: `Root does not run what others could have changed: ${fault}.`,
    advice: 'Give that Python and its packages to root, or silence this by servers.warmStart: false.',
  };
}
