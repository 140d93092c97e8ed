import { ask, lastLines } from '../doctor/ask.ts';

/** How jobs of Cylc run: `bash -l`, whose profile sets the PATH anew. */
const loginShell = '/bin/bash';
const mark = 'cylc-gateway:';
/** As Cylc's job script does: the site's wrapper chooses by it. */
const findScript = `printf '\\n${mark}%s\\n' "$(command -v cylc)"`;
const runScript = `
[ -z "$1" ] || export CYLC_VERSION="$1"
printf '\\n${mark}%s\\n' "$(command -v cylc)"
cylc version`;

export interface LoginShell {
  /** What the server's process has; schedulers and their jobs inherit it. */
  env: Record<string, string>;
  /** By root alone, which does not run it itself. */
  as?: 'nobody';
  signal: AbortSignal;
}

/** Path of the `cylc` that a job of the account finds; undefined where it finds none. Throws where that cannot be told. */
export async function findAtLogin(shell: LoginShell): Promise<string | undefined> {
  return pathIn((await inShell(shell, findScript)).stdout);
}

/** The same, and whether it runs: a wrapper may be there and the Cylc behind it not. */
export async function runAtLogin(
  shell: LoginShell,
  /** cylc-flow's own, as the scheduler tells its jobs. */
  version: string | undefined,
): Promise<{ path: string | undefined; version?: string; fault?: string }> {
  const answer = await inShell(shell, runScript, version ?? '');
  const path = pathIn(answer.stdout);
  if (path === undefined) return { path };
  if (answer.code !== 0) return { path, fault: lastLines(answer.stderr, 3) };
  return { path, version: lastLines(answer.stdout, 1) };
}

async function inShell({ env, as, signal }: LoginShell, script: string, ...args: string[]) {
  const command = [loginShell, '-l', '-c', script, 'bash', ...args];
  const answer = await ask(command, { env, signal, ...(as && { as }) });
  if (answer.code === null) throw new Error(`${loginShell} -l: ${answer.stderr}`);
  if (!answer.stdout.includes(mark)) throw new Error(`${loginShell} -l ended early: ${lastLines(answer.stderr, 3)}`);
  return answer;
}

/** A profile may print lines of its own. An alias or function has no path, and jobs do not have it. */
function pathIn(stdout: string): string | undefined {
  const found = stdout.split('\n').findLast((line) => line.startsWith(mark));
  const path = found?.slice(mark.length);
  return path?.startsWith('/') === true ? path : undefined;
}
