import { execFile } from 'node:child_process';
import { join } from 'node:path';

const main = join(import.meta.dirname, '../../dist/src/main.js');

export interface CommandEnd {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the built program with these words, as a shell would; needs `dist/` (the projects that build it first). */
export function runCommand(
  words: readonly string[],
  options: { cwd: string; uid?: number; gid?: number; timeoutMs?: number; env?: NodeJS.ProcessEnv },
): Promise<CommandEnd> {
  const { timeoutMs = 30_000, ...where } = options;
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...words], { ...where, timeout: timeoutMs }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, stdout, stderr });
    });
  });
}
