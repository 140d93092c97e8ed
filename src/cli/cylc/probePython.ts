import { runProgram } from '../../processes/childProcess.ts';
import { reachableByAll } from './reach.ts';

export interface Python {
  /** As found. */
  path: string;
  major: number;
  minor: number;
  /** `3.12.1`. */
  version: string;
  /** Whether it can make virtual environments: Debian splits that off into `python3-venv`. */
  hasVenv: boolean;
  /** Folder of the installation: two names of one Python have the same. */
  prefix: string;
  /** Whether other accounts can run it: not so for one below /root. */
  forAll: boolean;
}

const question = `
import importlib.util, json, sys
print(json.dumps({"version": list(sys.version_info[:3]), "prefix": sys.base_prefix,
  "venv": all(importlib.util.find_spec(m) for m in ("venv", "ensurepip"))}))
`;

/** Runs a Python and resolves with what it printed, or rejects. */
export type AskPython = (command: readonly string[]) => Promise<string>;

/** Asks a Python what it is; undefined if it does not run (a pyenv shim of a version that is switched off, say). */
export async function probePython(path: string, ask: AskPython = askDirectly): Promise<Python | undefined> {
  try {
    const stdout = await ask([path, '-I', '-c', question]);
    const answer = JSON.parse(stdout) as { version: [number, number, number]; prefix: string; venv: boolean };
    const [major, minor] = answer.version;
    return {
      path,
      major,
      minor,
      version: answer.version.join('.'),
      hasVenv: answer.venv,
      prefix: answer.prefix,
      forAll: await reachableByAll(path),
    };
  } catch {
    return undefined;
  }
}

async function askDirectly(command: readonly string[]): Promise<string> {
  return (await runProgram(command, { timeout: 20_000 })).stdout;
}
