import { createHash } from 'node:crypto';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PythonEnvironment } from './types.ts';

/** The folder above the package: `workers/`, beside `src/` and, for the compiled program, beside `dist/`. */
const workers = fileURLToPath(
  new URL(extname(import.meta.url) === '.ts' ? '../../workers' : '../../../workers', import.meta.url),
);

/** What Python is told to run. */
export const program = `import sys; sys.path.insert(0, ${JSON.stringify(workers)}); from forkserver.server import main; main()`;

/**
 * Names what a fork server has in its memory: our own program, the Python, and the packages as they are installed now.
 * One that was left behind is used again only where all of that is still the same.
 */
export async function fingerprint({ python, version }: PythonEnvironment): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([program, python, version]));
  const folder = join(workers, 'forkserver');
  for (const name of (await readdir(folder)).filter((file) => file.endsWith('.py')).toSorted())
    hash.update(await readFile(join(folder, name)));
  for (const path of [await realpath(python), ...(await packagesOf(python))]) hash.update(await stamp(path));
  return hash.digest('hex').slice(0, 8);
}

/** What installers note of each package. The folders around change by Python's own caches. */
async function packagesOf(python: string): Promise<string[]> {
  const lib = join(dirname(dirname(python)), 'lib');
  const versions = (await readdir(lib)).filter((name) => name.startsWith('python3'));
  const folders = versions.flatMap((name) => ['site-packages', 'dist-packages'].map((kind) => join(lib, name, kind)));
  const packages = await Promise.all(folders.map(namesIn));
  return packages.flat().toSorted();
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => /\.(?:dist-info|egg-info|egg-link|pth)$/.test(name)).map((name) => join(folder, name));
}

async function stamp(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return JSON.stringify([path, found && [found.dev, found.ino, found.mtimeNs].map(String)]);
}
