import type { Adapter } from 'lowdb';
import type { RecordChange } from './draft.ts';

/** The document in memory, as its file sees it. */
export interface Memory<T> {
  readonly data: T;
  /** Applies what a person changed, and tells the listeners. */
  take(changes: readonly RecordChange[]): void;
  /** Memory is not what the file says: it wants to be written. */
  changed(): void;
}

/**
 * lowdb's port to a document on the disk. lowdb's own file adapter neither fsyncs nor validates, and its temporary name
 * can be foreseen (lowdb#549, #616).
 */
export interface StoredFile<T> extends Adapter<T> {
  /** There was no file. */
  isNew(): boolean;
  attach(memory: Memory<T>): void;
  /** These changes were just made in memory. */
  noted(changes: readonly RecordChange[]): void;
  /** Has a person saved it? Takes the edit, or refuses it. */
  look(): Promise<void>;
  /** All is written, and nothing more will be: leaves the files as plain as they can be. */
  tidy(): Promise<void>;
}
