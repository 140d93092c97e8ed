/** The store: two JSON documents, one writer in this process, and an admin with an editor. */

import type { RecordChange } from './draft.ts';
import type { EditRecord } from './editLog.ts';
import type { Fault } from './faults.ts';

export type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

export interface StoreDocument<T> {
  /** What is in memory now. Do not keep parts of it: read it again. */
  readonly data: DeepReadonly<T>;
  /**
   * Applies a change in memory at once (so the next reader sees it) and writes it with the next batch.
   * Resolves when it is on disk (fsynced), rejects with `store.unwritable`; awaiting it is only needed where
   * the caller must not go on before that (a process was started, a token handed out).
   */
  update(change: (draft: T) => void): Promise<void>;
  /** Called after each change, whoever made it. Returns the function that ends it. */
  onChange(listener: ChangeListener<T>): () => void;
  /** Undefined while writing works; otherwise since when (ms since 1970) and why it does not. */
  readonly trouble: { sinceMs: number; reason: string } | undefined;
}

export type ChangeListener<T> = (change: {
  /** Good only during the call; `changes` may be kept. */
  before: DeepReadonly<T>;
  after: DeepReadonly<T>;
  /** The records that were touched: cheaper to look through than `before` and `after`. */
  changes: readonly RecordChange[];
  by: 'program' | 'hand';
}) => void;

/** What people did to `admin.json` with an editor. */
export interface HandEdits {
  /** Newest first, some hundred. */
  list(): readonly EditRecord[];
  /** The file as it is now, if it cannot be taken: the last good state goes on until it is mended or dismissed. */
  readonly refused: { since: string; faults: readonly Fault[] } | undefined;
  /** Writes the last good state over a refused edit (which is kept aside). False if there is none. */
  dismiss(by: string): Promise<boolean>;
  /** Looks at once, instead of at the next notice. */
  look(): Promise<void>;
}

export interface Store<Admin, State> {
  readonly admin: StoreDocument<Admin>;
  readonly state: StoreDocument<State>;
  readonly hand: HandEdits;
  /** Writes all that is pending, then lets go of the lock. */
  close(): Promise<void>;
}
