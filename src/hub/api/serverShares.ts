import type { ServerKey } from '../../servers/types.ts';
import type { ApiDeps } from './deps.ts';

type Deps = Pick<ApiDeps, 'store' | 'shareCodes'>;

/** A renamed server keeps what is shared of it; links to its old name are good for nothing any more. */
export async function moveShares(deps: Deps, key: ServerKey, name: string): Promise<void> {
  const { store } = deps;
  await dropCodes(deps, key);
  const mine = Object.values(store.admin.data.shares).filter(
    ({ owner, server }) => owner === key.owner && server === key.name,
  );
  if (mine.length === 0) return;
  await store.admin.update((draft) => {
    for (const { id } of mine) if (draft.shares[id] !== undefined) draft.shares[id].server = name;
  });
}

/** A server that is forgotten leaves no share behind for a later one of the same name. */
export async function dropShares(deps: Deps, key: ServerKey): Promise<void> {
  const { store } = deps;
  await dropCodes(deps, key);
  const mine = Object.values(store.admin.data.shares).filter(
    ({ owner, server }) => owner === key.owner && server === key.name,
  );
  if (mine.length === 0) return;
  await store.admin.update((draft) => {
    for (const { id } of mine) delete draft.shares[id];
  });
}

function dropCodes({ shareCodes }: Deps, key: ServerKey): Promise<number> {
  return shareCodes.revoke(({ owner, name }) => owner === key.owner && name === key.name);
}
