import { readdir, realpath } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where to look; injected so that a test can show it a made-up machine. */
export interface PythonPlaces {
  env: Readonly<Record<string, string | undefined>>;
  home: string;
  /** Folders of the system, looked at last. */
  systemDirs: readonly string[];
}

export const usualSystemDirs = ['/usr/local/bin', '/usr/bin', '/opt/conda/bin'] as const;

/**
 * Paths of every `python3` and `python3.x` at hand: on the PATH, then pyenv's, conda's and uv's versions, then the
 * system's. Each file once, in that order; nothing is run.
 */
export async function findPythons(places: PythonPlaces): Promise<string[]> {
  const dirs = [...pathDirs(places.env), ...(await managedDirs(places)), ...places.systemDirs];
  const found = new Map<string, string>();
  for (const dir of new Set(dirs))
    for (const name of await pythonsIn(dir)) {
      const path = join(dir, name);
      const real = await realpath(path).catch(() => undefined);
      if (real !== undefined && !found.has(real)) found.set(real, path);
    }
  return [...found.values()];
}

function pathDirs(env: PythonPlaces['env']): string[] {
  return (env['PATH'] ?? '').split(delimiter).filter((dir) => isAbsolute(dir));
}

/** pyenv, conda and uv keep each version in a folder of its own; conda's environments count too. */
async function managedDirs({ env, home }: PythonPlaces): Promise<string[]> {
  const condas = [
    env['CONDA_PREFIX'],
    ...['miniforge3', 'mambaforge', 'miniconda3', 'anaconda3'].map((name) => join(home, name)),
  ];
  const conda = condas.filter((dir) => dir !== undefined);
  const versionFolders = [
    join(env['PYENV_ROOT'] ?? join(home, '.pyenv'), 'versions'),
    ...conda.map((dir) => join(dir, 'envs')),
    join(env['UV_PYTHON_INSTALL_DIR'] ?? join(home, '.local/share/uv/python')),
  ];
  const versions = await Promise.all(
    versionFolders.map(async (folder) => (await entries(folder)).map((name) => join(folder, name, 'bin'))),
  );
  return [...versions.flat(), ...conda.map((dir) => join(dir, 'bin'))];
}

async function pythonsIn(dir: string): Promise<string[]> {
  return (await entries(dir)).filter((name) => /^python3(\.\d+)?$/.test(name));
}

/** Sorted, so that the choice does not depend on the file system; empty where there is no such folder. */
async function entries(dir: string): Promise<string[]> {
  const names: string[] = await readdir(dir).catch(() => []);
  return names.sort();
}
