import { once } from 'node:events';
import { spawnProgram } from '../../processes/childProcess.ts';

export interface Ran {
  /** null where it did not start, or a signal ended it. */
  code: number | null;
  /** The last 64 kB. */
  stdout: string;
  stderr: string;
}

const kept = 65_536;

/** Runs a program to its end. With `show`, what it prints appears at once, and is still returned. */
export async function run(command: readonly string[], options: { show?: boolean } = {}): Promise<Ran> {
  const child = spawnProgram(command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ran: Ran = { code: null, stdout: '', stderr: '' };
  const follow = (name: 'stdout' | 'stderr') => (text: string) => {
    ran[name] = (ran[name] + text).slice(-kept);
    if (options.show === true) process[name].write(text);
  };
  child.stdout?.setEncoding('utf8').on('data', follow('stdout'));
  child.stderr?.setEncoding('utf8').on('data', follow('stderr'));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return { ...ran, code };
  } catch (error) {
    return { ...ran, stderr: (error as Error).message };
  }
}
