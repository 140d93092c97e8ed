import { mkdir, readdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from '../../errors.ts';
import { pipFault } from './pipFault.ts';
import type { Python } from './probePython.ts';
import { run } from './run.ts';

export interface InstallOptions {
  /** Folder of the virtual environment. */
  into: string;
  /** pip's version clause without a name: `1.10.*`, `>=1.8`; undefined is the newest that the Python takes. */
  uiserver: string | undefined;
  choose: () => Promise<Python>;
  say: (line: string) => void;
}

export interface Installed {
  /** Path of the `cylc` command. */
  cylc: string;
  /** What `cylc version` printed. */
  version: string;
}

/** Written last, so that a broken-off installation is told from a whole one. */
const markName = 'cylc-gateway-install.json';
/** The environment takes some 450 MB; pip unpacks beside it. */
const neededBytes = 800e6;

/** Brings Cylc into a virtual environment; does nothing where an earlier run already did the same. */
export async function installCylc(options: InstallOptions): Promise<Installed> {
  const wanted = requirement(options.uiserver);
  const cylc = join(options.into, 'bin', 'cylc');
  if ((await markOf(options.into)) === wanted) {
    const version = await run([cylc, 'version']);
    if (version.code === 0) return { cylc, version: version.stdout.trim() };
  }
  await ensureVenv(options);
  options.say(`Installing ${wanted} from the Python package index; this takes a minute or two.`);
  const pip = [join(options.into, 'bin', 'python'), '-m', 'pip', '--disable-pip-version-check', '--no-input'];
  const installed = await run([...pip, 'install', wanted], { show: true });
  if (installed.code !== 0) throw pipFault(installed.stderr);
  const version = await verify(cylc, options.say);
  await writeFile(join(options.into, markName), `${JSON.stringify({ requirement: wanted })}\n`);
  return { cylc, version };
}

function requirement(uiserver: string | undefined): string {
  const clause = uiserver === undefined || /^[<>=~!]/.test(uiserver) ? uiserver : `==${uiserver}`;
  return `cylc-uiserver[hub]${clause ?? ''}`;
}

async function markOf(folder: string): Promise<string | undefined> {
  try {
    return (JSON.parse(await readFile(join(folder, markName), 'utf8')) as { requirement: string }).requirement;
  } catch {
    return undefined;
  }
}

/** Keeps a virtual environment that works, makes a broken one anew, and touches no folder that is something else. */
async function ensureVenv({ into, choose, say }: InstallOptions): Promise<void> {
  const present: string[] = await readdir(into).catch(() => []);
  const isVenv = present.includes('pyvenv.cfg');
  if (present.length > 0 && !isVenv)
    throw new SetupError(`${into} holds something that is not a Python environment.`, {
      advice: 'Empty it, or choose another folder with --into DIR.',
      exitCode: 73,
    });
  if (isVenv && (await run([join(into, 'bin', 'python'), '-m', 'pip', '--version'])).code === 0) return;
  const python = await choose();
  say(`Making a virtual environment in ${into} with ${python.path} (Python ${python.version}).`);
  await ensureSpace(into);
  const made = await run([python.path, '-m', 'venv', '--clear', into]);
  if (made.code !== 0) throw venvFault(into, made.stderr || made.stdout);
}

async function ensureSpace(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw venvFault(folder, (error as Error).message);
  }
  const disk = await statfs(folder);
  const freeBytes = disk.bavail * disk.bsize;
  if (freeBytes < neededBytes)
    throw new SetupError(`Only ${Math.round(freeBytes / 1e6)} MB are free in ${folder}; Cylc needs some 800.`, {
      advice: 'Free some, or put Cylc elsewhere with --into DIR.',
      exitCode: 73,
    });
}

function venvFault(folder: string, why: string): SetupError {
  return new SetupError(`The virtual environment ${folder} could not be made: ${why.trim()}`, {
    advice: 'Correct what is named above, or choose another folder with --into DIR or Python with --python PATH.',
    exitCode: 73,
  });
}

/** `cylc hubapp --help` imports all that a UI server needs: what is missing shows here, not at a user's start. */
async function verify(cylc: string, say: (line: string) => void): Promise<string> {
  say('Checking `cylc version` and `cylc hubapp --help`.');
  const version = await run([cylc, 'version']);
  const hubapp = version.code === 0 ? await run([cylc, 'hubapp', '--help']) : version;
  if (hubapp.code === 0) return version.stdout.trim();
  const tail = (hubapp.stderr || hubapp.stdout).trimEnd().split('\n').slice(-5).join('\n  ');
  throw new SetupError(`Cylc was installed, but does not run:\n  ${tail}`, {
    advice: `Remove ${join(cylc, '../..')} and try again, with another Python (--python PATH) if it stays so.`,
    exitCode: 69,
  });
}
