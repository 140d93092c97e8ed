import { readFile } from 'node:fs/promises';
import { runProgram } from '../processes/childProcess.ts';
import { toolPath } from '../processes/systemTools.ts';

/** One line of the user database, passwd(5). */
export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
  displayName: string;
  home: string;
  shell: string;
}

/** The operating system's users, through NSS, so that directory services count. */
export interface SystemUsers {
  /** By name or uid; undefined if there is none. Rejects when the database cannot be asked. */
  find(key: string | number): Promise<SystemUser | undefined>;
  /** Names of all groups, supplementary ones included. */
  groups(name: string): Promise<string[]>;
  /** All that the database lists (directory services may list none). */
  list(): Promise<SystemUser[]>;
}

const limits = { timeout: 10_000, maxBuffer: 16 * 1024 * 1024 } as const;
/** getent(1): the key was not found. */
const notFound = 2;

export function createSystemUsers(): SystemUsers {
  return {
    async find(key) {
      const [line] = await getent('passwd', String(key));
      return line === undefined ? undefined : parsePasswd(line);
    },
    async groups(name) {
      const { stdout } = await runProgram([toolPath('id'), '-G', '--', name], limits);
      const gids = stdout.trim().split(/\s+/);
      const lines = await getent('group', ...gids);
      return lines.map((line) => line.slice(0, line.indexOf(':'))).filter((group) => group !== '');
    },
    async list() {
      return (await getent('passwd')).flatMap((line) => parsePasswd(line) ?? []);
    },
  };
}

/** Lines of `getent`; where there is no such program, of the file that it would read. */
async function getent(database: 'passwd' | 'group', ...keys: string[]): Promise<string[]> {
  try {
    const { stdout } = await runProgram([toolPath('getent'), database, ...keys], limits);
    return toLines(stdout);
  } catch (error) {
    const { code, stdout } = error as { code?: number | string; stdout?: string };
    if (code === notFound) return toLines(stdout ?? '');
    if (code === 'ENOENT') return fromFile(database, keys);
    throw error;
  }
}

async function fromFile(database: 'passwd' | 'group', keys: readonly string[]): Promise<string[]> {
  const lines = toLines(await readFile(`/etc/${database}`, 'utf8'));
  if (keys.length === 0) return lines;
  return lines.filter((line) => {
    const [name = '', , id = ''] = line.split(':');
    return keys.includes(name) || keys.includes(id);
  });
}

function toLines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

export function parsePasswd(line: string): SystemUser | undefined {
  const [name, , uid, gid, gecos, home, shell] = line.split(':');
  if (name === undefined || home === undefined || shell === undefined) return undefined;
  if (!/^\d{1,10}$/.test(uid ?? '') || !/^\d{1,10}$/.test(gid ?? '')) return undefined;
  const displayName = (gecos ?? '').split(',')[0]?.trim() ?? '';
  return {
    name,
    uid: Number(uid),
    gid: Number(gid),
    displayName: displayName === '' ? name : displayName,
    home,
    shell,
  };
}
