import type { StateData } from '../store/schema.ts';
import type { StoreDocument } from '../store/types.ts';
import type { LiveSession } from './sessionRecords.ts';

/** Records of sessions by account: a sign-in must not look through everybody's. */
export interface SessionIndex {
  /** All records of the account, whether they live or not. */
  of(account: string): LiveSession[];
  close(): void;
}

export function createSessionIndex(state: StoreDocument<StateData>): SessionIndex {
  const ids = new Map<string, Set<string>>();

  function add({ account, id }: LiveSession): void {
    const known = ids.get(account);
    if (known === undefined) ids.set(account, new Set([id]));
    else known.add(id);
  }

  function remove({ account, id }: LiveSession): void {
    const known = ids.get(account);
    known?.delete(id);
    if (known?.size === 0) ids.delete(account);
  }

  for (const record of Object.values(state.data.sessions)) add(record);
  const close = state.onChange(({ changes }) => {
    for (const { map, before, after } of changes) {
      if (map !== 'sessions') continue;
      if (before !== undefined) remove(before as LiveSession);
      if (after !== undefined) add(after as LiveSession);
    }
  });
  return {
    of: (account) =>
      [...(ids.get(account) ?? [])].flatMap((id) => {
        const record = state.data.sessions[id];
        return record === undefined ? [] : [record];
      }),
    close,
  };
}
