import { becomeNobody, nobody } from '../../processes/becomeUser.ts';
import { runProgram } from '../../processes/childProcess.ts';

export interface Answer {
  /** null where it did not start, or was ended. */
  code: number | null;
  stdout: string;
  stderr: string;
}

interface AskOptions {
  /** The whole environment. */
  env: Record<string, string>;
  signal: AbortSignal;
  /** Root does not run it itself. */
  as?: 'nobody';
}

/** Runs a program, named by its absolute path, to its end, or until the signal ends it. */
export async function ask(command: readonly string[], { env, signal, as }: AskOptions): Promise<Answer> {
  const limits = { signal, killSignal: 'SIGKILL', maxBuffer: 4e6 } as const;
  try {
    const output =
      as === undefined
        ? await runProgram(command, { env, cwd: '/', ...limits })
        : await runProgram([...becomeNobody(), ...command], { env, cwd: '/', ...limits, keyring: nobody });
    return { code: 0, ...output };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code === 'number') return { code, stdout, stderr };
    return { code: null, stdout, stderr: signal.aborted ? 'It did not end in time.' : whyNotRun(error as Error) };
  }
}

/** The same for what root does not trust, such as Cylc and its Python, whoever owns them: it runs as nobody. */
export function askUntrusted(command: readonly string[], options: AskOptions): Promise<Answer> {
  return ask(command, process.geteuid?.() === 0 ? { ...options, as: 'nobody' } : options);
}

function whyNotRun({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'It is not there.';
  return code === 'EACCES' ? 'It may not be run.' : message;
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
