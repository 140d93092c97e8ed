/**
 * Messages between the gateway and its jobs (piscina threads). Plain data only, both ways: a thread shares nothing
 * and owns nothing; the processes it starts belong to no thread.
 */

/** Identity of a process: a pid alone is reused. */
export interface ProcessIdentity {
  pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks since boot (proc(5)). */
  startTime: string;
  /** /proc/sys/kernel/random/boot_id. */
  bootId: string;
  /** Whom it was started for; in no note of a start that was cut off. */
  uid?: number | undefined;
}

/** How the gateway of an ordinary user becomes another: by sudo(8), which lets it run one helper as that account. */
export interface Sudo {
  /** Absolute path of the helper (workers/sudo/become.py). */
  helper: string;
  /** Name of the account. */
  name: string;
}

export interface StartJob {
  /** Program and arguments; the first is an absolute path or found on `env.PATH`. */
  command: readonly string[];
  /** The whole environment. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** Opened by the process itself, as its account; the one of the start before becomes `<logFile>.1`. */
  logFile: string;
  /** Path without extension; the launcher writes `.claim`, `.pid`, `.exit` and `.note` there. */
  runFile: string;
  umask: number;
  /** Whom the launcher becomes; undefined: whoever the gateway is. */
  user?: { uid: number; gid: number };
  /** `RLIMIT_*` values by prlimit(1)'s option names: `as`, `nofile`, `nproc`, `core`, `cpu`. */
  limits?: Readonly<Record<string, number>>;
  /** Instead of `user`, where the gateway is not root. */
  sudo?: Sudo;
}

/** Why nothing was started, or what was. */
export type StartResult =
  | { ok: true; process: ProcessIdentity }
  | { ok: false; reason: 'tools' | 'cancelled' | 'launcher'; detail: string };

export interface PollJob {
  process: ProcessIdentity;
  runFile: string;
}

/** `unknown` is not `gone`. Exit code and signal are null where nobody could see them. */
export type PollAnswer =
  | { state: 'up' }
  | { state: 'gone'; exitCode: number | null; signal: string | null }
  | { state: 'unknown'; why: string };

export interface StopJob {
  process: ProcessIdentity;
  /** TERM goes to the server alone, KILL to its whole process group. */
  how: 'term' | 'kill';
  /** Of a process that is another account's, where the gateway is not root. */
  sudo?: Sudo;
}

export interface StopResult {
  /** False where the process was gone already. */
  signalled: boolean;
}

/** Looks for what a cut-off start launched. */
export interface RecoverJob {
  runFile: string;
}

/** Looks for servers of the gateway that has this runtime folder. */
export interface StraysJob {
  folder: string;
  /** Those of this user alone. */
  uid?: number;
}

export interface StrayProcess {
  process: ProcessIdentity;
  uid: number;
  session: number;
  /** Null: it listens on a port. */
  socket: string | null;
  /** Its command line: public on the host. */
  command: string;
}

/** Asks whether root may run a Python. */
export interface TrustJob {
  /** Absolute path. */
  python: string;
}

/** Asks PAM about a name and a password. */
export interface PamJob {
  /** File in /etc/pam.d. */
  service: string;
  name: string;
  password: string;
  /** Where the person sits (`PAM_RHOST`), or empty. */
  address: string;
}

/** `code` is PAM's own; `name` the canonical one; `said` what its modules tell the person, once the password was right. */
export type PamAnswer =
  | { ok: true; name: string }
  | {
      ok: false;
      step: 'load' | 'start' | 'authenticate' | 'account' | 'item';
      code: number;
      message: string;
      said?: string;
    };

/** A short command that ends by itself. */
export interface CommandJob {
  command: readonly string[];
  /** The whole environment. */
  env: Readonly<Record<string, string>>;
  /** Its standard input: what must not be seen in arguments. */
  input?: string;
  timeoutMs: number;
  /** It is ended when it writes more than this to standard output or standard error. Default: 4 MiB. */
  maxOutputBytes?: number;
  /** How its output is read. Default: UTF-8. */
  encoding?: 'utf8' | 'latin1';
  /** Whom it runs as; undefined: whoever the gateway is. */
  user?: { uid: number; gid: number };
  /** Instead of `user`, where the gateway is not root. */
  sudo?: Sudo;
}

export interface CommandResult {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  /** It could not be run, or was ended for taking too long or saying too much; then the output is a part at most. */
  fault: string | null;
}
