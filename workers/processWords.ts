import { runProgram } from '../src/processes/childProcess.ts';
import type { ProgramOutput } from '../src/processes/childProcess.ts';
import { toolPath } from '../src/processes/systemTools.ts';

export interface WordsAsked {
  /** All of one user. */
  pids: readonly string[];
  /** Command line, or environment at the begin of the program (proc(5)). */
  file: 'cmdline' | 'environ';
  /** Extended regular expression of the words that count. */
  like: string;
}

/** Words by pid; of processes that were not read in time there are none. Rejects never. */
export type ReadWords = (uid: number, asked: WordsAsked) => Promise<Map<string, string[]>>;

/** ms. The kernel answers at once. */
const usualDeadlineMs = 5000;
/** A user whose processes gave no answer is not looked at again for so long, ms. */
const restMs = 60_000;
const maxOutputBytes = 4 * 1024 * 1024;

/**
 * Reads words out of the memory of processes. That takes the lock of that memory (mmap_lock), which a process can make
 * its kernel hold for ever (a file of FUSE whose program says nothing): whoever reads then waits as long. So a program of
 * its own reads, and is ended; and what one user's processes do holds up no look at another's.
 */
export function createReadWords({ deadlineMs = usualDeadlineMs } = {}): ReadWords {
  const restsUntil = new Map<number, number>();
  return async (uid, { pids, file, like }) => {
    if ((restsUntil.get(uid) ?? 0) > performance.now()) return new Map();
    restsUntil.delete(uid);
    // Each word with a NUL behind, and before it, with another, the file: no word has one in it.
    const grep = [toolPath('grep'), '-azsHZE', '-e', like, '--', ...pids.map((pid) => `/proc/${pid}/${file}`)];
    const limits = { timeout: deadlineMs, killSignal: 'SIGKILL', maxBuffer: maxOutputBytes } as const;
    const output = await runProgram(grep, { ...limits, env: { LC_ALL: 'C' }, cwd: '/' }).catch(
      (error: Partial<ProgramOutput> & { killed?: boolean }) => {
        if (error.killed === true) restsUntil.set(uid, performance.now() + restMs);
        return error;
      },
    );
    return wordsOf(output.stdout ?? '');
  };
}

function wordsOf(text: string): Map<string, string[]> {
  const parts = text.split('\0');
  const words = new Map<string, string[]>();
  for (let index = 0; index + 2 < parts.length; index += 2) {
    const pid = parts[index]?.split('/')[2] ?? '';
    const own = words.get(pid) ?? [];
    own.push(parts[index + 1] ?? '');
    words.set(pid, own);
  }
  return words;
}
