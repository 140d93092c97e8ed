import { execFile } from 'node:child_process';

export interface Answer {
  /** null where it did not start, or was ended. */
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, or until the signal ends it. */
export function ask(
  [program = '', ...args]: readonly string[],
  options: { env: Record<string, string>; signal: AbortSignal; cwd?: string; uid?: number; gid?: number },
): Promise<Answer> {
  return new Promise((resolve) => {
    execFile(program, args, { ...options, killSignal: 'SIGKILL', maxBuffer: 4e6 }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else
        resolve({ code: null, stdout, stderr: options.signal.aborted ? 'It did not end in time.' : whyNotRun(error) });
    });
  });
}

function whyNotRun({ code, message }: { code?: string | number | null; message: string }): string {
  if (code === 'ENOENT') return 'It is not there.';
  return code === 'EACCES' ? 'It may not be run.' : message;
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
