import type { CommandJob, CommandResult } from '../../workers/protocol.ts';
import { sitePath } from '../processes/systemTools.ts';
import type { JobPool } from './pool.ts';

/** Runs short commands, as a user or as the gateway itself. */
export interface RunAs {
  (command: readonly string[], options?: RunOptions): Promise<CommandResult>;
}

export interface RunOptions {
  /** Undefined: the gateway's own user. */
  user?: { name: string; uid: number; gid: number; home: string } | undefined;
  input?: string;
  /** Limits of this command. */
  limits?: Pick<CommandJob, 'timeoutMs' | 'maxOutputBytes' | 'encoding'>;
}

export function createRunAs(options: {
  pool: JobPool;
  uid: number;
  timeoutMs: number;
  /** Further variables: where the commands find their configuration. */
  env: Readonly<Record<string, string>>;
  /** Helper by which a gateway that is not root becomes another user. */
  sudo?: string | undefined;
}): RunAs {
  const { pool, uid, timeoutMs, env, sudo } = options;
  return (command, { user, input, limits } = {}) => {
    const other = user !== undefined && user.uid !== uid;
    if (other && uid !== 0 && sudo === undefined) return Promise.resolve(mayNot);
    const names = user === undefined ? {} : { HOME: user.home, USER: user.name, LOGNAME: user.name };
    return pool.run('command', {
      command,
      ...(limits ?? { timeoutMs }),
      env: { PATH: sitePath, LANG: 'C.UTF-8', ...names, ...env },
      ...(input !== undefined && { input }),
      ...(other && uid === 0 && { user: { uid: user.uid, gid: user.gid } }),
      ...(other && uid !== 0 && sudo !== undefined && { sudo: { helper: sudo, name: user.name } }),
    });
  };
}

/** Never as the gateway's own user instead: the job would be that user's, with the visitor's choices in it. */
const mayNot: CommandResult = {
  code: null,
  signal: null,
  stdout: '',
  stderr: '',
  fault: 'this gateway does not run as root, and has no sudo to become another account',
};

/** What a command complained of, for the person who asked: one short line without control characters. */
export function complaint(result: CommandResult): string {
  if (result.fault !== null) return result.fault;
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed here
  const plain = `${result.stderr}\n${result.stdout}`.replaceAll(/[\u0000-\u0009\u000B-\u001F\u007F]/g, ' ');
  const lines = plain.split('\n').map((line) => line.trim());
  const text = lines.filter((line) => line !== '').join('; ');
  return text === '' ? `exit code ${result.code ?? result.signal}` : text.slice(0, 300);
}
