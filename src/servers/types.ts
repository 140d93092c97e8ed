/** Words of the servers room: one Cylc UI server of one account, named; the default server's name is empty. */

export interface ServerKey {
  owner: string;
  name: string;
}

/** `alice/` for the default server, `alice/nowcast` for a named one: JupyterHub's `full_name`. */
export function keyText(key: ServerKey): string {
  return `${key.owner}/${key.name}`;
}

export type ServerPhase = 'stopped' | 'queued' | 'starting' | 'ready' | 'stopping' | 'failed' | 'unknown';

/**
 * Where a server listens. `tls`: on another node, behind the relay of this start, which proves itself by certificate.
 * `owner`: on a port of this host, which has to be that uid's.
 */
export type Upstream =
  | { kind: 'unix'; path: string }
  | { kind: 'tcp'; host: string; port: number; tls?: string | undefined; owner?: number | undefined };

export interface ServerFailure {
  /** What happened, for its owner: no secret in it. */
  reason: string;
  code: string;
  exitCode: number | null;
  signal: string | null;
  /** Last lines of its log. */
  logTail: string;
  /** Command line, secrets removed. */
  command: string;
  at: string;
}

/** What others may know of a server. Times are ISO 8601, UTC. */
export interface ServerView extends ServerKey {
  /** Chosen by its owner; the name where none was, empty for the default server. */
  displayName: string;
  phase: ServerPhase;
  /** Path prefix, with a slash at both ends: `/user/alice/`. */
  prefix: string;
  /** Page to open once it is ready: the prefix, or the page of the workflow that was chosen. */
  url: string;
  profile: string;
  options: Record<string, unknown>;
  /** `cylc` (the real UI server) or `stand-in`. */
  program: string;
  startedBy: string | null;
  startedAt: string | null;
  lastActivityAt: string | null;
  pid: number | null;
  upstream: Upstream | null;
  failure: ServerFailure | null;
  /** Put off by its owner: not stopped by the rules before then. */
  keepUntil?: string | null;
  /** When the rules of the site will stop it, as things are. */
  plannedStop?: { at: string; why: 'idle' | 'age'; soon: boolean };
  /** Why it was stopped, where nobody asked for it. */
  stopReason?: string | null;
  /** What it has said of itself since its start that its owner and administrators should know. */
  notice?: string | null;
}

/** A stop of all servers, under way or done. Read it again: it changes. */
export interface StopAllRun {
  by: string;
  startedAt: string;
  /** Null while it goes on. */
  endedAt: string | null;
  total: number;
  stopped: number;
  failed: { server: string; reason: string }[];
}

export interface StartRequest {
  key: ServerKey;
  profile?: string;
  options: Record<string, unknown>;
  /** Account name of whoever asked. */
  by: string;
}

/** What its owner may say of a server beforehand. The options are checked at the start. */
export interface ServerDetails {
  displayName?: string | undefined;
  options?: Record<string, unknown> | undefined;
}

/** One line of a start's (or stop's) progress. `progress` is 0 to 100, as in JupyterHub's event stream. */
export interface ProgressEvent {
  id: number;
  at: string;
  progress: number;
  message: string;
  phase: ServerPhase;
  ready?: boolean;
  failed?: boolean;
  /** Where to go once ready. */
  url?: string;
}

/** A field of the options form. */
export interface OptionField {
  name: string;
  label: string;
  help: string;
  type: 'text' | 'choice' | 'number' | 'memory' | 'time' | 'workflow' | 'checkbox';
  choices?: readonly { value: string; label: string }[];
  /** Offered, but anything that passes the rules may be typed. */
  suggestions?: readonly string[];
  default: string | number | boolean;
  /** Of a number; of memory in MiB, of a time in seconds. */
  min?: number;
  max?: number;
  unit?: string;
  /** May not be left empty. */
  required?: boolean;
  /** Of a number: no fractions. */
  whole?: boolean;
  /** Of a text: the regular expression that all of it has to match, and what a wrong one is not ("a name of …"). */
  pattern?: string;
  hint?: string;
}

export interface ProfileForm {
  profile: string;
  title: string;
  description: string;
  fields: readonly OptionField[];
  /** It was chosen the last time. */
  last?: boolean;
}

/** A job that wrote to its standard error and never told its scheduler that it had begun: its task stays "submitted". */
export interface SilentJob {
  /** As Cylc writes it: `workflow//cycle/task/01`. */
  id: string;
  /** The first line of its `job.err`. */
  error: string;
}

/** The one way to a server's life: pages, the Hub API, the admin's edits and the culler all go through it. */
export interface Servers {
  list(): ServerView[];
  get(key: ServerKey): ServerView | undefined;
  /** The forms this account may choose from, with its last choices as defaults. */
  forms(owner: string): Promise<ProfileForm[]>;
  /** Resolves when the start is accepted (queued or starting); throws `spawn.options` (with `fields`), `server.exists`, `server.limit`. */
  start(request: StartRequest): Promise<ServerView>;
  /** Makes a named server without starting it; throws `request.conflict` where there is one. */
  create(key: ServerKey, details: ServerDetails): Promise<ServerView>;
  /** Changes a server at rest; with `name`, renames it. Throws `server.exists` where it runs, `request.conflict`. */
  edit(key: ServerKey, change: ServerDetails & { name?: string }): Promise<ServerView>;
  /** Stops it, then forgets it. */
  remove(key: ServerKey, how: { by: string }): Promise<void>;
  /** Resolves when it has stopped; cancels a start. With `force`, SIGKILL at once. */
  stop(key: ServerKey, how: { by: string; force?: boolean }): Promise<void>;
  /** Begins to stop every server that is not at rest, or tells of the run that is under way. */
  stopAll(how: { by: string; force?: boolean }): StopAllRun;
  /** The last such run of this gateway. */
  stopAllRun(): StopAllRun | undefined;
  /** Puts off its stop by the rules; null takes that back. Throws `request.invalid` where it is for too long. */
  keep(key: ServerKey, until: string | null): Promise<void>;
  /** All events since the last start or stop began, then new ones; always ends with a final event. */
  progress(key: ServerKey, signal?: AbortSignal): AsyncIterable<ProgressEvent>;
  /** Last lines of the server's log, for its owner. */
  log(key: ServerKey, lines: number): Promise<string>;
  /** Last lines of the log, then what is written, until the server has ended; pieces of whole lines. */
  followLog(key: ServerKey, options: { lines: number; signal?: AbortSignal }): AsyncIterable<string>;
  /** Jobs of running workflows of this account that never reported: read as the account, none where that takes too long. */
  silentJobs(owner: string): Promise<SilentJob[]>;
  /** The server itself says what its owner and administrators should know; forgotten at its next start. */
  notice(key: ServerKey, text: string): Promise<void>;
  /** A person did something: counted by the hop. */
  touch(key: ServerKey): void;
  /** Called after each change of phase. Returns the function that ends it. */
  onChange(listener: (view: ServerView) => void): () => void;
}
