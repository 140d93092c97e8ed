import type { Adapter } from 'lowdb';
import type { Backups } from './backups.ts';
import { replaceFile, type FileLayer } from './files.ts';
import type { DocumentKind } from './kinds.ts';
import { readDocument, unreadableError } from './read.ts';
import { createSerialise } from './serialise.ts';

/** lowdb's port, and whether `read` found no file. */
export interface DocumentAdapter<T> extends Adapter<T> {
  isNew(): boolean;
}

/**
 * lowdb's port to a document on disk. lowdb's own file adapter neither fsyncs nor validates, and its temporary name
 * can be foreseen (lowdb#549, #616).
 */
export function createAdapter<T>(parts: {
  kind: DocumentKind<T>;
  path: string;
  files: FileLayer;
  backups: Backups;
}): DocumentAdapter<T> {
  const { kind, path, files, backups } = parts;
  const serialise = createSerialise(kind);
  let revision = 0;
  let found = true;
  return {
    isNew: () => !found,
    /** Null if there is no file yet. @throws SetupError, naming every fault, if it cannot be used. */
    async read() {
      const text = await files.read(path);
      found = text !== undefined;
      if (text === undefined) return null;
      const result = readDocument(kind, text);
      if (!result.ok) throw unreadableError(path, kind, result, await backups.newest());
      ({ revision } = result);
      return result.data;
    },
    async write(data) {
      // Made before the first await: what is written is the state of one moment.
      const text = serialise(data, revision + 1);
      await backups.keep();
      await replaceFile(files, path, text);
      revision += 1;
    },
  };
}
