import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { z } from 'zod';
import { SetupError } from '../errors.ts';
import { configJsonSchema } from './options.ts';
import { fromEnvironment, merge } from './overrides.ts';
import type { Tree } from './overrides.ts';
import { resolvePaths } from './paths.ts';
import { configSchema } from './schema.ts';
import type { Config } from './schema.ts';

export interface LoadOptions {
  /** Path of `gateway.yaml`; without one, `gateway.yaml` in `cwd` is read if it is there. */
  file?: string;
  env: Readonly<Record<string, string | undefined>>;
  /** From flags; they win over the environment, which wins over the file. */
  overrides?: Tree;
  cwd: string;
}

export interface LoadedConfig {
  config: Config;
  /** The file that was read, or null where there is none: then this is a first run. */
  file: string | null;
  /**
   * Where releases up to 0.1 looked for a `dataDir` that is relative: from the current folder. Undefined where that is the
   * same folder, or where a flag, the environment or an absolute path says which one.
   */
  formerDataDir: string | undefined;
}

/**
 * Reads the configuration. Reports every fault at once, each with its place, as one `SetupError`. Relative paths in the
 * file, and the defaults, are relative to the folder of the file; those of flags and environment to `cwd`.
 */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const source = await readSource(options);
  const [schema, folder] = [configJsonSchema(), source.file === null ? options.cwd : dirname(source.file)];
  const above = resolvePaths(merge(fromEnvironment(options.env), options.overrides ?? {}), schema, options.cwd);
  const parsed = configSchema.safeParse(merge(resolvePaths(source.tree, schema, folder), above));
  if (!parsed.success) throw faults(source, parsed.error.issues);
  const config = resolvePaths(parsed.data, schema, folder);
  const written = source.tree['dataDir'] ?? parsed.data.dataDir;
  const former = typeof written === 'string' && !isAbsolute(written) ? resolve(options.cwd, written) : config.dataDir;
  const isElsewhere = above['dataDir'] === undefined && former !== config.dataDir;
  return { config, file: source.file, formerDataDir: isElsewhere ? former : undefined };
}

interface Source {
  file: string | null;
  tree: Tree;
  place(path: readonly PropertyKey[]): string;
}

async function readSource(options: LoadOptions): Promise<Source> {
  const file = resolve(options.cwd, options.file ?? 'gateway.yaml');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (options.file === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT')
      return { file: null, tree: {}, place: () => '' };
    throw new SetupError(`The configuration ${file} cannot be read: ${(error as Error).message}.`, {
      advice: 'Check the path and the permissions, or run `cylc-gateway init` to write a new one.',
      cause: error,
    });
  }
  return parseSource(file, text);
}

function parseSource(file: string, text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: true });
  if (document.errors.length > 0)
    throw new SetupError(
      `The configuration ${file} is not valid YAML:\n${document.errors.map((error) => `  ${error.message}`).join('\n')}`,
      { advice: 'Correct the lines named above.' },
    );
  const value: unknown = withoutEmpty(document.toJS()) ?? {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new SetupError(`The configuration ${file} is not a mapping of options.`, {
      advice: 'Write `name: value` lines; `cylc-gateway init` shows all that there are.',
    });
  return { file, tree: value as Tree, place: (path) => placeOf(document, lines, path) };
}

/** A name without a value is as if it were not there: the sample file has headings with nothing below them. */
function withoutEmpty(value: unknown): unknown {
  if (value === null) return undefined;
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const kept = Object.entries(value).map(([name, below]): [string, unknown] => [name, withoutEmpty(below)]);
  const said = kept.filter(([, below]) => below !== undefined);
  return said.length === 0 && kept.length > 0 ? undefined : Object.fromEntries(said);
}

/** `line 12: ` of the option, or of the closest parent that the file has. */
function placeOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
    if (node?.range !== undefined) return `line ${lines.linePos(node.range[0]).line}: `;
  }
  return '';
}

function faults(source: Source, issues: readonly z.core.$ZodIssue[]): SetupError {
  const lines = issues.map(
    (issue) => `  ${source.place(issue.path)}${issue.path.join('.') || '(top)'}: ${issue.message}`,
  );
  return new SetupError(
    `The configuration ${source.file ?? '(environment and flags)'} has faults:\n${lines.join('\n')}`,
    {
      advice: 'Correct them all; `cylc-gateway init` writes a file that explains every option.',
    },
  );
}
