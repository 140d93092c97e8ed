import { closeSync, existsSync, openSync, readFileSync, readSync, readdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { pathsOf } from './pthFile.ts';
import { Distrust, RootsAlone } from './rootsAlone.ts';

/**
 * Why root must not run this Python: somebody else could put code into what it loads. Undefined where nobody can. Told
 * by owners, modes and what is written in the files; nothing of it is run, since already `python -I -c ''` runs the
 * lines of `.pth` files.
 */
export function pythonFault(python: string): string | undefined {
  try {
    checkPython(python);
    return undefined;
  } catch (error) {
    if (error instanceof Distrust) return error.message;
    return `${python} could not be looked at: ${(error as Error).message}`;
  }
}

function checkPython(python: string): void {
  const files = new RootsAlone();
  const real = files.path(python);
  if (real === undefined) throw new Distrust(`${python} is not there`);
  if (!isProgram(real)) throw new Distrust(`${real} is no program of the machine, and what it runs cannot be told`);
  const venv = venvOf(python, files);
  const bases = [dirname(venv?.home ?? dirname(python)), dirname(dirname(real))];
  const withPackages = venv === undefined || venv.systemPackages ? bases : [];
  const folders = [...bases, venv?.prefix ?? []].flat().flatMap(moduleFolders);
  const found = folders.flatMap((folder) => files.tree(folder) ?? []);
  if (!found.some(holdsStandardLibrary)) throw new Distrust(`the modules of ${python} were not found`);
  const shared = withPackages.length === 0 ? [] : systemPackages().flatMap((folder) => files.tree(folder) ?? []);
  const sites = [...withPackages, venv?.prefix ?? []].flat().flatMap(moduleFolders).flatMap(siteFolders);
  for (const site of new Set([...sites, ...shared]))
    for (const name of namesIn(site).filter((file) => file.endsWith('.pth')))
      for (const path of pathsOf(join(site, name))) files.tree(path);
}

/** A file in the Executable and Linkable Format (elf(5)), not a script, of which there are wrappers and shims. */
function isProgram(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(4);
    readSync(file, head);
    return head.toString('latin1') === '\u007fELF';
  } finally {
    closeSync(file);
  }
}

interface Venv {
  prefix: string;
  /** Folder of the Python that it is made from. */
  home: string;
  systemPackages: boolean;
}

/** As Python itself finds it: `pyvenv.cfg` beside the command or one folder above. */
function venvOf(python: string, files: RootsAlone): Venv | undefined {
  for (const prefix of [dirname(python), dirname(dirname(python))]) {
    const file = files.path(join(prefix, 'pyvenv.cfg'));
    if (file === undefined) continue;
    const values = new Map(
      readFileSync(file, 'utf8')
        .split('\n')
        .map((line) => line.split('=', 2).map((word) => word.trim()) as [string, string | undefined]),
    );
    const home = values.get('home');
    if (home === undefined || !isAbsolute(home)) throw new Distrust(`${file} does not say which Python it is of`);
    files.path(home);
    return { prefix, home, systemPackages: values.get('include-system-site-packages')?.toLowerCase() !== 'false' };
  }
  return undefined;
}

/** What Python and its extensions load from this prefix: of the system's own only what is Python's, else all libraries. */
function moduleFolders(prefix: string): string[] {
  const libraries = ['lib', 'lib64'].map((name) => join(prefix, name));
  return ['/', '/usr', '/usr/local'].includes(prefix) ? libraries.flatMap(versions) : libraries;
}

/** Debian's, which all its Pythons share, and what was installed beside them. */
function systemPackages(): string[] {
  const local = versions('/usr/local/lib').map((folder) => join(folder, 'dist-packages'));
  return ['/usr/lib/python3/dist-packages', ...local];
}

function versions(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => /^python3\.\d+/.test(name))
    .map((name) => join(folder, name));
}

/** The file by which Python knows its standard library. */
function holdsStandardLibrary(folder: string): boolean {
  return [folder, ...versions(folder)].some((place) => existsSync(join(place, 'os.py')));
}

/** Folders in which site.py looks for `.pth` files, in or below this one. */
function siteFolders(folder: string): string[] {
  return [folder, ...versions(folder)]
    .flatMap((place) => ['site-packages', 'dist-packages'].map((name) => join(place, name)))
    .filter((site) => existsSync(site));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw new Distrust(`${basename(folder)} could not be read: ${(error as Error).message}`);
  }
}
