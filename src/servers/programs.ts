import { accessSync, constants, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account } from '../access/types.ts';
import type { EnvironmentConfig } from '../config/sections/profiles.ts';
import type { PythonEnvironment } from '../spawners/types.ts';
import { cylcAuthorizer, forcedSettings } from './forcedSettings.ts';
import type { Upstream } from './types.ts';

/** A UI server that can be started: a real Cylc, or the bundled stand-in. */
export interface Program {
  /** Stable: the form and the record name it by this. */
  id: string;
  title: string;
  kind: 'cylc' | 'stand-in';
  /** Path of the `cylc` command; for the stand-in, of its main file. */
  path: string;
  version: string | undefined;
  /** Its Python, where the command is a plain Python script of a known version: it can then be started warm. */
  python?: PythonEnvironment;
  /** Where its servers listen, if the configuration says so for it. */
  listen?: 'socket' | 'port' | undefined;
  /** Environment variables of servers that run it, from the configuration. */
  variables?: Readonly<Record<string, string>>;
}

export interface Programs {
  /** Best first; never empty: where the site names no Cylc, the stand-in is always there. Looked up anew each time: people install Cylc meanwhile. */
  list(): Program[];
}

export function createPrograms(options: {
  configured: string | undefined;
  dataDir: string;
  searchPath: string | undefined;
  /** Declared by the site; they go before what is found. */
  environments?: readonly EnvironmentConfig[];
}): Programs {
  const { configured, dataDir, searchPath, environments = [] } = options;
  return {
    list() {
      if (environments.length > 0) return environments.map(declaredProgram);
      const installed = resolve(dataDir, 'cylc/bin/cylc');
      const first = onPath('cylc', searchPath);
      const candidates: [id: string, path: string | undefined][] = [
        // On the PATH there may be the link that lets jobs find the installed one.
        ['cylc', first !== undefined && realPath(first) === realPath(installed) ? undefined : first],
        ['cylc-installed', installed],
      ];
      const found = candidates.flatMap(([id, path]) => (path === undefined ? [] : (cylcProgram(id, path) ?? [])));
      const chosen = configured === undefined ? [] : [namedProgram('cylc-configured', resolve(configured))];
      const all = [...chosen, ...found];
      const distinct = all.filter(({ path }, index) => all.findIndex((other) => other.path === path) === index);
      return configured === undefined ? [...distinct, standIn()] : distinct;
    },
  };
}

function declaredProgram({ name, title, cylc, variables, listen }: EnvironmentConfig): Program {
  return { ...namedProgram(name, resolve(cylc)), variables, listen, ...(title !== undefined && { title }) };
}

/** One that the site names stays in the list when it is gone: a start then says so, and nothing else takes its place. */
function namedProgram(id: string, path: string): Program {
  const fault = isExecutable(path) ? 'which has no UI server' : 'which is not there';
  const missing: Program = { id, title: `Cylc (${path}, ${fault})`, kind: 'cylc', path, version: undefined };
  return cylcProgram(id, path) ?? missing;
}

function standIn(): Program {
  const path = fileURLToPath(new URL(`../../workers/ui-server/main${extname(import.meta.url)}`, import.meta.url));
  return {
    id: 'stand-in',
    title: 'Stand-in (not Cylc: shows how the gateway works)',
    kind: 'stand-in',
    path,
    version: undefined,
  };
}

function onPath(program: string, searchPath = ''): string | undefined {
  const folders = searchPath.split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Undefined for a Cylc without the UI server. A site's wrapper script tells no version: it is taken at its word. */
function cylcProgram(id: string, path: string): Program | undefined {
  if (!isExecutable(path)) return undefined;
  const python = interpreterOf(path);
  const packages = python === undefined ? undefined : packageNames(python);
  const version = packages && versionOf(packages, 'cylc_uiserver');
  if (packages !== undefined && version === undefined && versionOf(packages, 'cylc_flow') !== undefined)
    return undefined;
  return {
    id,
    title: version === undefined ? `Cylc (${path})` : `Cylc UI server ${version} (${path})`,
    kind: 'cylc',
    path,
    version,
    ...(python !== undefined && version !== undefined && { python: { python, version } }),
  };
}

/** The Python in the first line of a script; undefined for another kind of file. */
function interpreterOf(path: string): string | undefined {
  const first = readFileSync(path, { encoding: 'latin1' }).split('\n', 1)[0] ?? '';
  return /^#!\s*(\/\S*python[\d.]*)\s*$/.exec(first)?.[1];
}

/** Names in the folder where the Python keeps its packages; read, since running Cylc takes seconds. */
function packageNames(interpreter: string): readonly string[] {
  const lib = join(dirname(dirname(interpreter)), 'lib');
  const folders = [
    join(lib, 'python3/dist-packages'),
    ...names(lib)
      .filter((name) => name.startsWith('python3.'))
      .map((name) => join(lib, name, 'site-packages')),
  ];
  return folders.flatMap(names);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function versionOf(packages: readonly string[], name: string): string | undefined {
  for (const entry of packages) {
    const match = new RegExp(`^${name}-(.+)\\.(dist|egg)-info$`).exec(entry);
    if (match) return match[1];
  }
  return undefined;
}

/** Program and arguments for one server. No secret in it: argv is public on the host. */
export function programCommand(
  program: Program,
  options: {
    /** Where it is to listen; the stand-in knows sockets alone. */
    upstream: Upstream;
    /** Path that all its pages are below. */
    prefix: string;
    account: Account;
    args: readonly string[];
    /** The gateway is of the socket's group alone. */
    groupSocket?: boolean;
  },
): string[] {
  const { upstream, prefix, account, args, groupSocket = false } = options;
  const socket = upstream.kind === 'unix' ? upstream.path : undefined;
  if (program.kind === 'stand-in') {
    const mode = groupSocket ? ['--sock-mode=0660'] : [];
    return [process.execPath, program.path, ...(socket === undefined ? [] : [`--sock=${socket}`]), ...mode, ...args];
  }
  return [
    program.path,
    'hubapp',
    ...args,
    // For another Jupyter server in the place of Cylc's, too, which goes by these alone.
    ...(socket === undefined ? [] : [`--ServerApp.sock=${socket}`]),
    ...(groupSocket && socket !== undefined ? ['--ServerApp.sock_mode=0660'] : []),
    // Without it whoever may open the server may run code as its owner, through Jupyter Server.
    `--ServerApp.authorizer_class=${cylcAuthorizer}`,
    ...(account.uid === 0 ? ['--ServerApp.allow_root=True'] : []),
    ...forcedSettings({ prefix, upstream, socketMode: groupSocket ? '0660' : '0600' }),
  ];
}

/**
 * The account's own variables (hub-contract 1.2): the owner of a UI server is whom LOGNAME and USER name, and `cylc`
 * has to be on the PATH.
 */
export function programEnvironment(
  program: Program,
  account: Pick<Account, 'name' | 'home' | 'shell'>,
  lang = 'C.UTF-8',
): Record<string, string> {
  const system = '/usr/local/bin:/usr/bin:/bin';
  const own = [...new Set([dirname(program.path), dirname(realPath(program.path))])].join(delimiter);
  return {
    USER: account.name,
    LOGNAME: account.name,
    HOME: account.home,
    SHELL: account.shell || '/bin/sh',
    LANG: lang,
    PATH: program.kind === 'cylc' ? `${own}:${system}` : system,
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
