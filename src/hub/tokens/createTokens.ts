import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import type { AdminData, StateData, TokenRecord } from '../../store/schema.ts';
import type { DeepReadonly, Store } from '../../store/types.ts';
import { hashToken, newToken } from './tokenText.ts';

export type Token = DeepReadonly<TokenRecord>;

export interface TokenSpec {
  kind: TokenRecord['kind'];
  owner: string;
  clientId?: string;
  sessionId?: string;
  scopes: readonly string[];
  note: string;
  /** ms since 1970; absent for a token without end. */
  expiresAt?: number;
  /** The token itself, where somebody else has made it; by default a new one. */
  token?: string;
}

/** Hub tokens: hashed in the store, found from memory. */
export interface Tokens {
  /** The token itself is returned here once; resolves when its record is on disk. */
  issue(spec: TokenSpec): Promise<{ token: string; record: Token }>;
  /** The live record of a token: neither revoked nor expired. Notes the use. */
  find(token: string): Token | undefined;
  /** The live record of this id. */
  get(id: string): Token | undefined;
  list(match: (record: Token) => boolean): Token[];
  /** Resolves with how many died, when that is on disk; from memory they are gone at once. */
  revokeWhere(match: (record: Token) => boolean): Promise<number>;
  /** Called with the ids of tokens that were revoked, by whatever way. Returns the function that ends the calls. */
  onRevoke(listener: (ids: ReadonlySet<string>) => void): () => void;
  close(): void;
}

/** Uses of a token are recorded at most this often. */
const useStepMs = 60_000;

export function createTokens(deps: { store: Store<AdminData, StateData>; clock: Clock }): Tokens {
  const { state } = deps.store;
  let idByHash = readIndex(state.data);
  const listeners = new Set<(ids: ReadonlySet<string>) => void>();
  const isLive = (record: Token) => record.expiresAt === null || Date.parse(record.expiresAt) > deps.clock.now();
  const stopListening = state.onChange((change) => {
    if (change.by === 'hand') idByHash = readIndex(change.after);
    const gone = change.changes.filter(({ map, before, after }) => map === 'tokens' && before && after === undefined);
    if (gone.length === 0) return;
    const ids = new Set(gone.map(({ key }) => key));
    for (const listener of listeners) listener(ids);
  });

  async function issue(spec: TokenSpec): Promise<{ token: string; record: Token }> {
    const token = spec.token ?? newToken();
    const record = toRecord(spec, hashToken(token), deps.clock.now());
    const written = state.update((draft) => {
      draft.tokens[record.id] = record;
    });
    idByHash.set(record.hash, record.id);
    await written;
    return { token, record };
  }

  function find(token: string): Token | undefined {
    const id = idByHash.get(hashToken(token));
    const record = id === undefined ? undefined : state.data.tokens[id];
    if (record === undefined || !isLive(record)) return undefined;
    noteUse(record);
    return record;
  }

  function noteUse(record: Token): void {
    const now = deps.clock.now();
    if (record.lastUsedAt !== null && now - Date.parse(record.lastUsedAt) < useStepMs) return;
    const written = state.update((draft) => {
      const own = draft.tokens[record.id];
      if (own !== undefined) own.lastUsedAt = new Date(now).toISOString();
    });
    // Losing a time of use is no reason to refuse the request: the store itself reports that it cannot write.
    written.catch(() => undefined);
  }

  async function revokeWhere(match: (record: Token) => boolean): Promise<number> {
    const doomed = Object.values(state.data.tokens).filter((record) => !isLive(record) || match(record));
    if (doomed.length === 0) return 0;
    for (const record of doomed) idByHash.delete(record.hash);
    await state.update((draft) => {
      for (const record of doomed) delete draft.tokens[record.id];
    });
    return doomed.length;
  }

  return {
    issue,
    find,
    get(id) {
      const record = Object.hasOwn(state.data.tokens, id) ? state.data.tokens[id] : undefined;
      return record !== undefined && isLive(record) ? record : undefined;
    },
    list: (match) => Object.values(state.data.tokens).filter((record) => isLive(record) && match(record)),
    revokeWhere,
    onRevoke(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: stopListening,
  };
}

function readIndex(data: DeepReadonly<StateData>): Map<string, string> {
  return new Map(Object.values(data.tokens).map((record) => [record.hash, record.id]));
}

function toRecord(spec: TokenSpec, hash: string, nowMs: number): TokenRecord {
  return {
    id: randomUUID(),
    hash,
    kind: spec.kind,
    owner: spec.owner,
    clientId: spec.clientId ?? null,
    sessionId: spec.sessionId ?? null,
    scopes: [...spec.scopes],
    note: spec.note,
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: spec.expiresAt === undefined ? null : new Date(spec.expiresAt).toISOString(),
    lastUsedAt: null,
  };
}
