import { chmod, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { SetupError } from '../../errors.ts';
import { run } from './run.ts';

/** On the PATH of every login shell, and where Cylc's documentation puts it. */
export const wrapperPath = '/usr/local/bin/cylc';
const mark = '# Installed by Cylc Gateway (npm run cylc:install -- --unlink removes it)';

/**
 * Installs Cylc's own wrapper script for everybody, and names the environment so that the wrapper finds it: by
 * `cylc`, its default, and by `cylc-VERSION`, for which jobs of that version ask. What is there already is left alone.
 */
export async function installWrapper(cylc: string, version: string): Promise<void> {
  if ((await kindOf(wrapperPath)) === 'foreign')
    throw new SetupError(`${wrapperPath} exists and is not of Cylc Gateway: it was left alone.`, {
      advice: 'If it is a wrapper of Cylc, let it find the new environment; else move it away and try again.',
      exitCode: 73,
    });
  const environment = dirname(dirname(cylc));
  const text = await wrapperOf(cylc);
  for (const name of ['cylc', `cylc-${version}`]) await linkBeside(environment, name);
  await writeFile(`${wrapperPath}.new`, withRoot(text, dirname(environment)));
  await chmod(`${wrapperPath}.new`, 0o755);
  await rename(`${wrapperPath}.new`, wrapperPath);
}

/** Removes the wrapper that was installed here; false where there is none, or another one. */
export async function removeWrapper(): Promise<boolean> {
  if ((await kindOf(wrapperPath)) !== 'ours') return false;
  await rm(wrapperPath);
  return true;
}

async function kindOf(path: string): Promise<'none' | 'ours' | 'foreign'> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return 'none';
  return text.includes(mark) ? 'ours' : 'foreign';
}

async function linkBeside(environment: string, name: string): Promise<void> {
  if (basename(environment) === name) return;
  await symlink(basename(environment), join(dirname(environment), name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** As Cylc brings it with it. */
async function wrapperOf(cylc: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cylc-wrapper-'));
  try {
    const got = await run([cylc, 'get-resources', 'cylc', folder]);
    return await readFile(join(folder, 'cylc'), 'utf8').catch((error: unknown) => {
      throw new SetupError(`This Cylc has no wrapper script: ${got.stderr.trim()}`, {
        advice: "Install Cylc's wrapper by hand, as its documentation says.",
        exitCode: 69,
        cause: error,
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** With the folder of the installed environments where the script says EDIT ME. */
function withRoot(text: string, root: string): string {
  if (!/^[\w./+-]+$/.test(root))
    throw new SetupError(`The wrapper cannot name the folder ${root}.`, {
      advice: 'Install into a folder whose path has only letters, digits and . / + - _ (--into DIR).',
      exitCode: 73,
    });
  const edited = text.replace(/^CYLC_HOME_ROOT=.*$/m, () => `${mark}\nCYLC_HOME_ROOT="\${CYLC_HOME_ROOT:-${root}}"`);
  if (edited !== text) return edited;
  throw new SetupError('The wrapper script of this Cylc is not of the known form.', {
    advice: "Install Cylc's wrapper by hand, as its documentation says.",
    exitCode: 69,
  });
}
