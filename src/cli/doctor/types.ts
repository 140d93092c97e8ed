import type { Config } from '../../config/schema.ts';

/** What one check has seen of one thing. */
export interface Finding {
  /** `warn`: it works, but somebody should know. `fault`: it does not, or not for everybody. */
  outcome: 'ok' | 'warn' | 'fault';
  what: string;
  why?: string;
  /** What to do about it. */
  advice?: string;
}

/** What the checks look at: a gateway as it is configured, running or not. */
export interface Subject {
  config: Config;
  /** The configuration file; null on a first run. */
  file: string | null;
  publicUrl: string;
  runtimeDir: string;
  /** Of whom runs the check. */
  uid: number;
  /** False where the data folder is another user's: what only that user may see is then not looked at. */
  ownData: boolean;
  /** Whether the gateway of this configuration runs now. */
  live: boolean;
  searchPath: string | undefined;
}

/** Changes nothing, and gives up when it is told to. One that has nothing to look at finds nothing. */
export interface Check {
  /** What it is about; stable, for programs. */
  name: string;
  /** Longest time it may take, ms. */
  deadlineMs?: number;
  look(subject: Subject, signal: AbortSignal): Promise<Finding[]> | Finding[];
}

export type NamedFinding = Finding & { check: string };
