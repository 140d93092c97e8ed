import { trustFault } from '../../../spawners/trust.ts';
import { probePython } from '../../cylc/probePython.ts';
import type { AskPython } from '../../cylc/probePython.ts';
import { reachableByAll } from '../../cylc/reach.ts';
import { sitePath } from '../../../processes/systemTools.ts';
import { askUntrusted } from '../ask.ts';
import { programsOf } from '../programsOf.ts';
import type { Check, Finding, Subject } from '../types.ts';

/** The Python that each Cylc stands on: it runs, and may be kept ready for quick starts. */
export const python: Check = {
  name: 'Python',
  look(subject, signal) {
    const paths = programsOf(subject).flatMap((program) => program.python?.python ?? []);
    return Promise.all([...new Set(paths)].map((path) => checkPython(path, subject, signal)));
  },
};

async function checkPython(path: string, { uid, config }: Subject, signal: AbortSignal): Promise<Finding> {
  if (uid === 0 && !(await reachableByAll(path).catch(() => true)))
    return {
      outcome: 'fault',
      what: `${path} is out of reach of the accounts that it would be started for.`,
      advice: 'Install Cylc on a Python in a public folder (docs/install.md).',
    };
  const probed = await probePython(path, askWithin(signal));
  if (probed === undefined)
    return {
      outcome: 'fault',
      what: `${path} does not run.`,
      why: 'Cylc is a program of that Python.',
      advice: 'Install Cylc anew (npm run cylc:install), or set servers.cylc.',
    };
  const fault = config.servers.warmStart ? trustFault(path, uid) : undefined;
  if (fault === undefined) return { outcome: 'ok', what: `${probed.version} (${path})` };
  return {
    outcome: 'warn',
    what: `${probed.version} (${path}) is not kept ready: servers start slowly.`,
    why: `Root does not run what others could have changed: ${fault}.`,
    advice: 'Give that Python and its packages to root, or silence this by servers.warmStart: false.',
  };
}

function askWithin(signal: AbortSignal): AskPython {
  return async (command) => {
    const { code, stdout, stderr } = await askUntrusted(command, { env: { PATH: sitePath, LANG: 'C.UTF-8' }, signal });
    if (code !== 0) throw new Error(stderr);
    return stdout;
  };
}
