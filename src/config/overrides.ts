import { parse } from 'yaml';

export interface Tree {
  [key: string]: unknown;
}

const prefix = 'CYLC_GATEWAY_';
/** Variables with the prefix that are no options: the path of the file itself, and what the tests use. */
const notOptions = /^CYLC_GATEWAY_(CONFIG|TEST_.*|EDGE_.*)$/;

/**
 * `CYLC_GATEWAY_LISTEN__PORT=9000` is `listen.port`: two underscores part the levels, one parts the words of a name.
 * Values are read as YAML, so numbers, booleans and `[a, b]` lists work.
 */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Tree {
  let tree: Tree = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(prefix) || notOptions.test(name) || value === undefined) continue;
    const path = name
      .slice(prefix.length)
      .split('__')
      .map((part) => part.toLowerCase().replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()));
    tree = merge(tree, nest(path, parse(value)));
  }
  return tree;
}

/** Who called sudo to run this program; undefined where nobody did. Only root's environment is to be believed. */
export function callerOfSudo(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  return env['SUDO_USER'];
}

/** `listen.port=9000` of `--set`. */
export function fromAssignment(assignment: string): Tree {
  const at = assignment.indexOf('=');
  if (at < 1) throw new TypeError(`--set wants name=value, not "${assignment}"`);
  return nest(assignment.slice(0, at).split('.'), parse(assignment.slice(at + 1)));
}

function nest(path: readonly string[], value: unknown): Tree {
  const tree = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  return tree as Tree;
}

/** Mappings are merged, everything else replaced. */
export function merge(below: Tree, above: Tree): Tree {
  const merged: Tree = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    merged[key] = isTree(old) && isTree(value) ? merge(old, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
