/** Words of the services room. service: a web application or helper that belongs to the site, not to an account. */

export type ServicePhase = 'stopped' | 'starting' | 'ready' | 'failed';

/** What others may know of a service, or of one person's own copy of it. */
export interface ServiceView {
  name: string;
  title: string;
  /** Whose copy it is; null for a service of the site. */
  owner: string | null;
  phase: ServicePhase;
  /** False where it runs without us. */
  managed: boolean;
  /** Path prefix under which people reach it, with a slash at both ends; empty where it has no web part. */
  prefix: string;
  pid: number | null;
  /** ISO time of the last change of phase. */
  since: string;
  /** How often it has ended by itself since it was last started by us. */
  restarts: number;
  /** Why it is not running, for the admin. */
  reason: string | null;
  /** Whether people see it. */
  display: boolean;
}

/** The one way to services. */
export interface Services {
  list(): ServiceView[];
  /** For a visit: starts a service that waits for one. Resolves when it is up, or it is plain that it will not be. */
  wake(name: string): Promise<void>;
  /** Somebody used it. */
  touch(name: string): void;
  /** Ends it and starts it anew. */
  restart(name: string, by: string): Promise<void>;
  /** Last lines of its log, for the admin. */
  log(name: string, lines: number): Promise<string>;
}
