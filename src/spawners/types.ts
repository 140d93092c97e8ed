import type { Account } from '../access/types.ts';
import type { ServerKey, Upstream } from '../servers/types.ts';

/** All that a spawner needs to launch one server. Plain data: it travels to a piscina thread. */
export interface SpawnPlan {
  key: ServerKey;
  account: Account;
  /** Program and arguments, nothing of it through a shell. No secret in it: argv is public on the host. */
  command: readonly string[];
  /** The whole environment; nothing is inherited from the gateway. */
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** stdout and stderr are appended here. */
  logFile: string;
  /** Where the server is to listen. */
  upstream: Upstream;
  /** Octal, as a number. */
  umask: number;
  /** Path without extension, new for each start: the launcher notes its claim, the process and its exit code there. */
  runFile: string;
  /** Resource limits, by the names of prlimit(1): `as`, `nofile`, `nproc`, `core`, `cpu`. */
  limits?: Readonly<Record<string, number>>;
  /** Set where the command is a Python program that may be started warm. */
  python?: PythonEnvironment;
  /** Validated options of the form (batch resources among them). */
  options: Readonly<Record<string, unknown>>;
  /** Folder of this host with files that the server reads, named in `env`: a job on another node takes them along. */
  configDir?: string | undefined;
  /** Arguments of the profile for a batch system's submit command, options filled in. */
  submit?: readonly string[] | undefined;
}

/** A Python with Cylc in it, of which a fork server can be made. */
export interface PythonEnvironment {
  python: string;
  /** Version of its UI server: another one needs a new fork server. */
  version: string;
}

/** Identity of a process: a pid alone is reused. */
export interface ProcessId {
  pid: number;
  /** Field 22 of /proc/<pid>/stat: clock ticks since boot (proc(5)). */
  startTime: string;
  /** /proc/sys/kernel/random/boot_id. */
  bootId: string;
  /** Whom it was started for; in no note of a start that was cut off. */
  uid?: number | undefined;
}

/** What a spawner remembers of a started server, recorded in the store: enough to poll and stop it after a restart. */
export type SpawnHandle = ProcessHandle | JobHandle;

export interface ProcessHandle {
  kind: 'process';
  process: ProcessId;
  runFile: string;
  /** Whose it is, where it may take sudo to signal it. */
  account?: string | undefined;
}

/** A job of a batch system. All but its id is there to listen to its relay again after a restart of the gateway. */
export interface JobHandle {
  kind: 'job';
  /** Empty while it is known by its name alone. */
  jobId: string;
  host?: string | undefined;
  runFile?: string | undefined;
  owner?: string | undefined;
  /** Name of the server. */
  server?: string | undefined;
  logFile?: string | undefined;
}

/** `unknown` is not `gone`: a status command that failed proves nothing. */
export type PollResult =
  | { state: 'up'; detail?: string; upstream?: Upstream }
  | { state: 'pending'; detail: string }
  | { state: 'gone'; exitCode: number | null; signal: string | null; detail?: string }
  | { state: 'unknown'; why: string };

/** A process that listens at one of the gateway's sockets, by its own command line. */
export interface StrayProcess {
  process: ProcessId;
  uid: number;
  session: number;
  /** Null: it listens on a port. */
  socket: string | null;
  command: string;
}

/** A way to launch a server. */
export interface Spawner {
  readonly kind: string;
  /** A server of this environment is likely to be started: what takes long can be done before. */
  prepare?(environment: PythonEnvironment): void;
  start(plan: SpawnPlan, report: (message: string) => void, signal: AbortSignal): Promise<SpawnHandle>;
  /**
   * Finds what a start that was cut off (the gateway was killed) has launched. Undefined: nothing, and nothing ever will
   * be, however late a launcher wakes up.
   */
  recover(start: { runFile: string; key: ServerKey }): Promise<SpawnHandle | undefined>;
  poll(handle: SpawnHandle): Promise<PollResult>;
  /** Sends the signal (TERM: to the server; KILL: to its whole process group) and returns at once. */
  stop(handle: SpawnHandle, how: 'term' | 'kill'): Promise<void>;
  /** Processes of this host, or of one user, that listen at a socket below that folder, known or not. */
  readonly strays?: (folder: string, uid?: number) => Promise<StrayProcess[]>;
  /** Once a server is gone and recorded so: removes what the spawner noted of it. */
  forget(handle: SpawnHandle): Promise<void>;
  /** Ends helpers of this gateway (fork servers); never the servers. */
  close(): Promise<void>;
}

/** How to reach, and to know, a server on another node: by the start that its relay's certificate names. */
export type UpstreamTls = (startId: string) => {
  /** PEM: who signed the relay's certificate; then our own. */
  ca: string;
  cert: string;
  key: string;
  /** The name that the relay's certificate must have. */
  servername: string;
  minVersion: 'TLSv1.2';
};
