import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { SetupError } from '../errors.ts';
import { choosePython, wantedMinor } from './cylc/choosePython.ts';
import { findPythons, usualSystemDirs } from './cylc/findPythons.ts';
import { installCylc } from './cylc/install.ts';
import { probePython } from './cylc/probePython.ts';
import type { Python } from './cylc/probePython.ts';
import { linkPath, removeLoginLink } from './cylc/loginLink.ts';
import { linkForOwnJobs, missingForJobs } from './cylc/offerCylcToJobs.ts';
import { reachableByAll } from './cylc/reach.ts';
import { installWrapper, removeWrapper, wrapperPath } from './cylc/wrapper.ts';
import { createPrograms } from '../servers/programs.ts';

/** `npm run cylc:install`: brings the real Cylc, with JupyterHub's library, into a folder of its own. */
const help = `Usage: npm run cylc:install [-- OPTIONS]

Installs cylc-uiserver with JupyterHub's library from the Python package index into a virtual
environment. The gateway finds the one in data/cylc by itself.

Options:
  --into DIR          folder of the environment (default: data/cylc)
  --python PATH       Python to build it on (default: the best of the PATH, pyenv, conda, uv and the system)
  --uiserver VERSION  version of cylc-uiserver, as pip writes it: 1.10.0, 1.10.*, '>=1.8' (default: the newest)
  --link              make the link ~/.local/bin/cylc too: your jobs find Cylc by it
  --wrapper           as root: install Cylc's wrapper as /usr/local/bin/cylc too: everybody's jobs find Cylc by it
  --unlink            remove that link and that wrapper, and do nothing else
  --help              this text
`;

const optionTable = {
  into: { type: 'string', default: 'data/cylc' },
  python: { type: 'string' },
  uiserver: { type: 'string' },
  link: { type: 'boolean', default: false },
  wrapper: { type: 'boolean', default: false },
  unlink: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Returns the exit code. Everything it says goes to standard output, faults to standard error. */
export async function cylcInstall(args: readonly string[]): Promise<number> {
  try {
    const { values } = parse(args);
    if (values.help) process.stdout.write(help);
    else if (values.unlink) await unlink();
    else await install(values);
    return 0;
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}\n${error.advice}`);
    return error.exitCode;
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: optionTable });
  } catch (error) {
    throw new SetupError((error as Error).message, { advice: help, exitCode: 64 });
  }
}

async function install(values: ReturnType<typeof parse>['values']): Promise<void> {
  const into = resolve(values.into);
  const installed = await installCylc({
    into,
    uiserver: values.uiserver,
    choose: () => (values.python === undefined ? bestPython() : namedPython(values.python)),
    say: (line) => console.log(line),
  });
  console.log(`Cylc ${installed.version} is ready: ${installed.cylc}`);
  if (asRoot()) await warnOfPrivate(installed.cylc);
  if (values.wrapper) {
    await installWrapper(installed.cylc, installed.version);
    console.log(`${wrapperPath} is Cylc's wrapper: jobs of every account find Cylc by it.`);
  }
  const note = await noteOfJobs(installed.cylc, values.link);
  if (note !== undefined) console.log(note);
}

/** What the user should know of how jobs find this Cylc. */
async function noteOfJobs(cylc: string, link: boolean): Promise<string | undefined> {
  const [program] = createPrograms({ configured: cylc, dataDir: '', searchPath: undefined }).list();
  if (program === undefined) return undefined;
  const options = { program };
  if (link) return linkForOwnJobs(options);
  const missing = await missingForJobs({ ...options, owner: asRoot() ? 'everybody' : 'self' });
  if (missing === undefined || asRoot()) return missing;
  return `${missing} The first \`npm start\` without a configuration makes that link by itself.`;
}

async function unlink(): Promise<void> {
  const { homedir: home } = userInfo();
  const removed = [
    ...((await removeLoginLink(home)) ? [linkPath(home)] : []),
    ...(asRoot() && (await removeWrapper()) ? [wrapperPath] : []),
  ];
  console.log(
    removed.length > 0 ? `Removed ${removed.join(' and ')}.` : 'There is no link or wrapper of Cylc Gateway.',
  );
}

async function bestPython(): Promise<Python> {
  const paths = await findPythons({ env: process.env, home: homedir(), systemDirs: usualSystemDirs });
  const probed = await Promise.all(paths.map((path) => probePython(path)));
  const python = choosePython(
    probed.filter((candidate) => candidate !== undefined),
    { forAll: asRoot() },
  );
  if (python.minor < wantedMinor)
    console.log(
      `The newest Python here is ${python.version}, and today's cylc-uiserver needs 3.${wantedMinor}: ` +
        'you will get the newest cylc-uiserver that it takes.',
    );
  return python;
}

async function namedPython(path: string): Promise<Python> {
  const python = await probePython(resolve(path));
  if (python === undefined)
    throw new SetupError(`${path} does not run as a Python 3.`, { advice: 'Check the path.', exitCode: 69 });
  return choosePython([python]);
}

function asRoot(): boolean {
  return process.getuid?.() === 0;
}

/** A root gateway starts servers as other accounts: they must get at Cylc, and at the Python it is built on. */
async function warnOfPrivate(cylc: string): Promise<void> {
  const needed = [cylc, join(cylc, '../python')];
  const reachable = await Promise.all(needed.map(reachableByAll));
  const locked = needed.filter((_, index) => reachable[index] === false);
  if (locked.length > 0)
    console.log(
      `Note: other accounts cannot reach ${locked.join(' and ')}, since a folder above is closed to them. ` +
        'For a gateway that serves them, install into a public folder (--into /opt/cylc) with a Python that is public too.',
    );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  process.exitCode = await cylcInstall(process.argv.slice(2));
