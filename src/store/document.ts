import { Low } from 'lowdb';
import type { Clock } from '../clock.ts';
import { GatewayError, SetupError } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { viewBefore } from './before.ts';
import { applyChanges, collectChanges, type RecordChange } from './draft.ts';
import { recordSchema, type DocumentKind } from './kinds.ts';
import type { StoredFile } from './storedFile.ts';
import type { ChangeListener, DeepReadonly, StoreDocument } from './types.ts';
import { createWriter, reasonOf } from './writer.ts';
import type { OnWrite } from './writer.ts';

/** A document in memory, and its way to the disk. */
export interface OpenDocument<T> extends StoreDocument<T> {
  /** Writes what is pending; later changes are refused. @throws GatewayError `store.unwritable` */
  close(): Promise<void>;
}

/** @throws SetupError if what is on disk cannot be used. */
export async function openDocument<T extends object>(parts: {
  kind: DocumentKind<T>;
  file: StoredFile<T>;
  batchMs: number;
  clock: Clock;
  log: Logger;
  onWrite?: OnWrite | undefined;
}): Promise<OpenDocument<T>> {
  const { kind, file, log } = parts;
  const low = new Low<T>(file, kind.empty());
  let closed = false;
  await low.read();
  if (file.isNew()) await firstWrite(low, kind.name);
  const listeners = new Set<ChangeListener<T>>();
  const writer = createWriter({ ...parts, name: kind.name, write: () => low.write() });

  function announce(changes: readonly RecordChange[], by: 'program' | 'hand'): void {
    const event = { before: viewBefore(low.data, changes) as DeepReadonly<T>, after: low.data as DeepReadonly<T> };
    for (const listener of listeners) {
      try {
        listener({ ...event, changes, by });
      } catch (error) {
        log.error({ document: kind.name, err: error }, 'store: a listener failed');
      }
    }
  }

  function apply(changes: readonly RecordChange[]): void {
    applyChanges(low.data, changes);
    file.noted(changes);
  }

  file.attach({
    get data() {
      return low.data;
    },
    take(changes) {
      if (changes.length === 0) return;
      apply(changes);
      announce(changes, 'hand');
    },
    changed: () => void writer.changed(),
  });

  return {
    get data() {
      return low.data as DeepReadonly<T>;
    },
    get trouble() {
      return writer.trouble;
    },
    // Async, so that a change that throws (and is not applied) is a rejection like the rest.
    async update(change) {
      if (closed) throw new GatewayError('store.unwritable', { facts: { reason: 'the store is closed' } });
      const changes = collectChanges(low.data, change);
      refuseInvalid(kind, changes);
      if (changes.length === 0) return writer.settled();
      apply(changes);
      const written = writer.changed();
      announce(changes, 'program');
      await written;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      closed = true;
      await file.look().catch((error: unknown) => log.error({ err: error }, 'store: last look failed'));
      await writer.close();
      await file
        .tidy()
        .catch((error: unknown) => log.warn({ err: error }, 'store: changes were left to the next start'));
    },
  };
}

async function firstWrite(low: { write(): Promise<void> }, name: string): Promise<void> {
  try {
    await low.write();
  } catch (cause) {
    throw new SetupError(`${name}.json cannot be written: ${reasonOf(cause)}.`, {
      advice: 'Make room, or mend the file system, and start again.',
      exitCode: 73,
      cause,
    });
  }
}

/** What the schema refuses must not reach the disk: the next start would refuse the whole file. */
function refuseInvalid(kind: Pick<DocumentKind<unknown>, 'name' | 'schema'>, changes: readonly RecordChange[]): void {
  for (const { map, key, after } of changes) {
    if (after === undefined) continue;
    const checked = recordSchema(kind, map).safeParse(after);
    if (!checked.success || key === '__proto__')
      throw new GatewayError('internal', {
        cause: checked.error,
        facts: { document: kind.name, map, key, reason: 'the record does not fit the schema' },
      });
  }
}
