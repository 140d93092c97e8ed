import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

export const repository = join(import.meta.dirname, '../..');

export interface Import {
  /** Path of the importing file from the top of the repository. */
  from: string;
  /** Path of the imported file likewise, or the name of a package (`node:fs`, `@hono/node-server`). */
  to: string;
  /** Erased by the compiler: it says where a word comes from, but loads nothing. */
  typeOnly: boolean;
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'` and `import('x')`, as our formatter lays them out. */
const patterns = [
  /^(?<verb>import|export)(?<type> type)?\s[^'";]*?from '(?<to>[^']+)';/gm,
  /^(?<verb>import) '(?<to>[^']+)';/gm,
  /\b(?<verb>import)\('(?<to>[^']+)'\)/g,
];

/** Paths from the top of the repository, sorted. */
export function files(...globs: readonly string[]): string[] {
  return globs.flatMap((glob) => globSync(glob, { cwd: repository })).sort();
}

export function read(path: string): string {
  return readFileSync(join(repository, path), 'utf8');
}

export function importsOf(from: string): Import[] {
  const text = read(from);
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ groups }) => ({
      from,
      to: resolveName(from, groups?.['to'] ?? ''),
      typeOnly: groups?.['type'] !== undefined,
    })),
  );
}

/** Everything that a file loads, by value, through all its imports: our files and names of packages. */
export function closureOf(entry: string): Map<string, readonly string[]> {
  const chains = new Map<string, readonly string[]>([[entry, [entry]]]);
  for (const [file, chain] of chains) {
    if (!isOurs(file)) continue;
    for (const { to, typeOnly } of importsOf(file)) if (!typeOnly && !chains.has(to)) chains.set(to, [...chain, to]);
  }
  return chains;
}

export function isOurs(name: string): boolean {
  return /^(src|workers)\//.test(name);
}

function resolveName(from: string, name: string): string {
  return name.startsWith('.') ? normalize(join(dirname(from), name)) : name;
}
