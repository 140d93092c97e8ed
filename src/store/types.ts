/** The store: two JSON documents, one writer in this process, and an admin with an editor. */

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
  onChange(
    listener: (change: { before: DeepReadonly<T>; after: DeepReadonly<T>; by: 'program' | 'hand' }) => void,
  ): () => void;
}

export interface Store<Admin, State> {
  readonly admin: StoreDocument<Admin>;
  readonly state: StoreDocument<State>;
  /** Writes all that is pending, then lets go of the lock. */
  close(): Promise<void>;
}
