import type { ServerKey } from '../../servers/types.ts';
import type { AdminData, StateData } from '../../store/schema.ts';
import type { Store } from '../../store/types.ts';

/** A renamed server keeps what is shared of it. */
export async function moveShares(store: Store<AdminData, StateData>, key: ServerKey, name: string): Promise<void> {
  const mine = Object.values(store.admin.data.shares).filter(
    ({ owner, server }) => owner === key.owner && server === key.name,
  );
  if (mine.length === 0) return;
  await store.admin.update((draft) => {
    for (const { id } of mine) if (draft.shares[id] !== undefined) draft.shares[id].server = name;
  });
}

/** A server that is forgotten leaves no share behind for a later one of the same name. */
export async function dropShares(store: Store<AdminData, StateData>, key: ServerKey): Promise<void> {
  const mine = Object.values(store.admin.data.shares).filter(
    ({ owner, server }) => owner === key.owner && server === key.name,
  );
  if (mine.length === 0) return;
  await store.admin.update((draft) => {
    for (const { id } of mine) delete draft.shares[id];
  });
}
