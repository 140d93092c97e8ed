import type { StateData } from '../../store/schema.ts';
import type { DeepReadonly, StoreDocument } from '../../store/types.ts';
import type { Token } from './createTokens.ts';

/**
 * Tokens by what they are asked for: who is nobody yet must not make the gateway look at all that there are. Follows the
 * store, whoever changes it.
 */
export interface TokenIndex {
  idOf(hash: string): string | undefined;
  ofClient(clientId: string): Token[];
  ofOwner(owner: string): Token[];
  close(): void;
}

type Ids = Map<string, Set<string>>;

export function createTokenIndex(state: StoreDocument<StateData>): TokenIndex {
  const [byHash, byClient, byOwner] = [new Map<string, string>(), new Map() as Ids, new Map() as Ids];

  function add(record: Token): void {
    byHash.set(record.hash, record.id);
    put(byOwner, record.owner, record.id);
    if (record.clientId !== null) put(byClient, record.clientId, record.id);
  }

  function remove(record: Token): void {
    if (byHash.get(record.hash) === record.id) byHash.delete(record.hash);
    take(byOwner, record.owner, record.id);
    if (record.clientId !== null) take(byClient, record.clientId, record.id);
  }

  function readAll(data: DeepReadonly<StateData>): void {
    for (const map of [byHash, byClient, byOwner]) map.clear();
    for (const record of Object.values(data.tokens)) add(record);
  }

  const records = (ids: Iterable<string> = []): Token[] =>
    Array.from(ids, (id) => state.data.tokens[id]).filter((record) => record !== undefined);
  readAll(state.data);
  const close = state.onChange((change) => {
    if (change.by !== 'program') return readAll(change.after);
    for (const { map, before, after } of change.changes) {
      if (map !== 'tokens') continue;
      if (before !== undefined) remove(before as Token);
      if (after !== undefined) add(after as Token);
    }
  });
  return {
    idOf: (hash) => byHash.get(hash),
    ofClient: (clientId) => records(byClient.get(clientId)),
    ofOwner: (owner) => records(byOwner.get(owner)),
    close,
  };
}

function put(map: Ids, key: string, id: string): void {
  const ids = map.get(key);
  if (ids === undefined) map.set(key, new Set([id]));
  else ids.add(id);
}

function take(map: Ids, key: string, id: string): void {
  const ids = map.get(key);
  ids?.delete(id);
  if (ids?.size === 0) map.delete(key);
}
