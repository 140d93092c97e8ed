import { viewBefore } from '../../src/store/before.ts';
import { applyChanges, collectChanges } from '../../src/store/draft.ts';
import type { AdminData, StateData } from '../../src/store/schema.ts';
import type { Store, StoreDocument } from '../../src/store/types.ts';

/** A store that lives in memory, for tests of what is built on it. `edit` plays the admin with an editor. */
export interface MemoryStore extends Store<AdminData, StateData> {
  edit(change: (draft: AdminData) => void): void;
  editState(change: (draft: StateData) => void): void;
}

export function createMemoryStore(): MemoryStore {
  const admin = memoryDocument<AdminData>({
    version: 2,
    accounts: {},
    groups: {},
    shares: {},
    announcements: {},
    servers: {},
    services: {},
    profiles: {},
  });
  const state = memoryDocument<StateData>({ version: 1, servers: {}, tokens: {}, sessions: {}, choices: {} });
  return {
    admin: admin.document,
    state: state.document,
    hand: { list: () => [], refused: undefined, dismiss: () => Promise.resolve(false), look: () => Promise.resolve() },
    edit: (change) => admin.apply(change, 'hand'),
    editState: (change) => state.apply(change, 'hand'),
    close: () => Promise.resolve(),
  };
}

type Listener<T> = Parameters<StoreDocument<T>['onChange']>[0];
type Change<T> = Parameters<Listener<T>>[0];

function memoryDocument<T extends object>(initial: T) {
  const data = initial;
  const listeners = new Set<Listener<T>>();
  const apply = (change: (draft: T) => void, by: 'program' | 'hand') => {
    const changes = collectChanges(data, change);
    applyChanges(data, changes);
    const event = { before: viewBefore(data, changes), after: data } as Pick<Change<T>, 'before' | 'after'>;
    for (const listener of listeners) listener({ ...event, changes, by });
  };
  const document: StoreDocument<T> = {
    get data() {
      return data as StoreDocument<T>['data'];
    },
    trouble: undefined,
    update: (change) => {
      apply(change, 'program');
      return Promise.resolve();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return { document, apply };
}
