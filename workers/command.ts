import { spawn } from 'node:child_process';
import { findTool, sudoCommand, sudoEnvironment } from './launcher.ts';
import type { CommandJob, CommandResult } from './protocol.ts';

/** More than any answer of a batch system's commands that we read. */
const maxOutputBytes = 4 * 1024 * 1024;

/** Job: runs a short command to its end (submit, ask, cancel), as a user, and returns what it said. Rejects never. */
export default function command(job: CommandJob): Promise<CommandResult> {
  const [program = '', ...args] = words(job);
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: job.sudo === undefined ? job.env : sudoEnvironment,
      cwd: '/',
      // A group of its own: what hangs is ended with all that it has started.
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const said = { out: '', error: '' };
    let fault: string | undefined;
    const end = (why: string): void => {
      fault ??= why;
      if (child.pid !== undefined) killGroup(child.pid);
      // sudo is root's, and so not ours to end: it is left to itself.
      if (job.sudo !== undefined) finish(null, null);
    };
    const timer = setTimeout(() => end(`no answer in ${job.timeoutMs / 1000} s`), job.timeoutMs);
    const keep = (name: keyof typeof said) => (text: string) => {
      said[name] += text;
      if (said[name].length > maxOutputBytes) end('it says too much');
    };
    child.stdout.setEncoding('utf8').on('data', keep('out'));
    child.stderr.setEncoding('utf8').on('data', keep('error'));
    child.stdin.on('error', () => {});
    child.stdin.end(inputOf(job));
    child.on('error', (error) => end((error as NodeJS.ErrnoException).code ?? error.message));
    child.on('close', finish);

    function finish(code: number | null, signal: NodeJS.Signals | null): void {
      clearTimeout(timer);
      resolve({ code, signal, stdout: said.out, stderr: said.error, fault: fault ?? null });
    }
  });
}

function inputOf({ command: words, env, input = '', sudo }: CommandJob): string {
  return sudo === undefined ? input : JSON.stringify({ do: 'command', command: words, env, cwd: '/', input });
}

function words({ command: own, user, sudo }: CommandJob): readonly string[] {
  if (sudo !== undefined) return sudoCommand(sudo);
  if (user === undefined) return own;
  const become = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--init-groups', '--'];
  return [findTool('setpriv') ?? 'setpriv', ...become, ...own];
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone already
  }
}
