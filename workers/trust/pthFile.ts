import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Distrust } from './rootsAlone.ts';

/**
 * Lines that site.py runs, and that add no path from elsewhere: of setuptools (distutils-precedence.pth), and of packages
 * that share a namespace (`…-nspkg.pth`), which look in the folder of the file.
 */
const harmless = [
  /^import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os\.environ\.get\(var, '\w+'\) == 'local'; enabled and __import__\('_distutils_hack'\)(\.add_shim\(\))?;?$/,
  /^import sys, ?types, ?os;(has_mfs = sys\.version_info > \(3, 5\);)?p = os\.path\.join\(sys\._getframe\(1\)\.f_locals\['sitedir'\], \*\([\w', ]+\)\);[^"\\/]*$/,
];

/**
 * Paths that a `.pth` file (docs.python.org, "site") adds to the modules' search path: its own lines, and what the module
 * of an editable installation names, which a line imports. Read, never run.
 *
 * @throws Distrust for a line whose effect cannot be read.
 */
export function pathsOf(file: string): string[] {
  const folder = dirname(file);
  const lines = readFileSync(file, 'utf8').split(/\r?\n/);
  return lines.map((line) => line.trimEnd()).flatMap((line) => pathsOfLine(line, folder, file));
}

function pathsOfLine(line: string, folder: string, file: string): string[] {
  if (line === '' || line.startsWith('#')) return [];
  if (!/^import[ \t]/.test(line)) return [resolve(folder, line)];
  if (harmless.some((known) => known.test(line))) return [];
  const name = /^import ([A-Za-z_]\w*)(?:; ?\1\.install\(\))?;?$/.exec(line)?.[1];
  const code = name === undefined ? undefined : readIfThere(join(folder, `${name}.py`));
  if (code === undefined) throw new Distrust(`${file} has a line of code, and what it adds cannot be told`);
  return absolutePathsIn(code);
}

/** Texts in quotes that are absolute paths, as the modules of editable installations hold them. */
export function absolutePathsIn(code: string): string[] {
  const texts = [...code.matchAll(/(["'])(\/(?:(?!\1)[^\\\n])*)\1/g)].map(([, , text = '']) => text);
  return texts.filter((text) => text.length > 1);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
