import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { reachableByAll } from './reach.ts';

const run = promisify(execFile);

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

/** Asks a Python what it is; undefined if it does not run (a pyenv shim of a version that is switched off, say). */
export async function probePython(path: string): Promise<Python | undefined> {
  try {
    const { stdout } = await run(path, ['-I', '-c', question], { timeout: 20_000 });
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
