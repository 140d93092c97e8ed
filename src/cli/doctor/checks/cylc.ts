import { reachableByAll } from '../../cylc/reach.ts';
import type { Program } from '../../../servers/programs.ts';
import { askUntrusted, firstLine, lastLines } from '../ask.ts';
import { sitePath } from '../../../processes/systemTools.ts';
import { programsOf } from '../programsOf.ts';
import type { Check, Finding, Subject } from '../types.ts';
import { withUntrustedHome } from '../untrustedHome.ts';

/** Each Cylc that a start offers: there, whole, and within reach of those whom it is started for. */
export const cylc: Check = {
  name: 'Cylc',
  deadlineMs: 30_000,
  async look(subject, signal) {
    const programs = programsOf(subject).filter(({ kind }) => kind === 'cylc');
    if (programs.length === 0) return [noCylc];
    // Cylc writes a log below the home of whoever runs it, even for `--help`.
    return withUntrustedHome((home) =>
      Promise.all(programs.map((program) => checkCylc(program, { ...subject, home }, signal))),
    );
  },
};

const noCylc: Finding = {
  outcome: 'warn',
  what: 'There is no Cylc: servers are the stand-in, which only shows how the gateway works.',
  why: 'No `cylc` with a UI server on the PATH, in <dataDir>/cylc or in the configuration.',
  advice: 'npm run cylc:install, or set servers.cylc.',
};

async function checkCylc(
  { path, variables }: Program,
  { uid, home }: Subject & { home: string },
  signal: AbortSignal,
): Promise<Finding> {
  if (uid === 0 && !(await reachableByAll(path).catch(() => true)))
    return {
      outcome: 'fault',
      what: `${path} is out of reach of the accounts that it would be started for.`,
      advice: 'Install it into a public folder: npm run cylc:install -- --into /opt/cylc (docs/install.md).',
    };
  const env = { PATH: sitePath, LANG: 'C.UTF-8', HOME: home, ...variables };
  const version = await askUntrusted([path, 'version'], { env, signal });
  // Imports all that a UI server needs, JupyterHub's library too.
  const hubapp = version.code === 0 ? await askUntrusted([path, 'hubapp', '--help'], { env, signal }) : version;
  if (hubapp.code !== 0)
    return {
      outcome: 'fault',
      what: `${path} does not run as a UI server.`,
      why: lastLines(hubapp.stderr || hubapp.stdout, 5),
      advice: "It needs cylc-uiserver with its `hub` extra: npm run cylc:install, or pip install 'cylc-uiserver[hub]'.",
    };
  return { outcome: 'ok', what: `${firstLine(version.stdout)} (${path})` };
}
