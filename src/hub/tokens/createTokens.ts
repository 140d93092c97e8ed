import { randomUUID } from 'node:crypto';
import type { Clock } from '../../clock.ts';
import { GatewayError } from '../../errors.ts';
import type { AdminData, StateData, TokenRecord } from '../../store/schema.ts';
import type { DeepReadonly, Store } from '../../store/types.ts';
import { createTokenIndex } from './tokenIndex.ts';
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
  /** Live records, by the index: what strangers can ask for again and again. */
  ofClient(clientId: string): Token[];
  ofOwner(owner: string): Token[];
  /** Looks at all that there are. */
  list(match: (record: Token) => boolean): Token[];
  /** Resolves with how many died, when that is on disk; from memory they are gone at once. */
  revokeWhere(match: (record: Token) => boolean): Promise<number>;
  /** Called with the ids of tokens that were revoked, by whatever way. Returns the function that ends the calls. */
  onRevoke(listener: (ids: ReadonlySet<string>) => void): () => void;
  close(): void;
}

/** Tokens for programs, and share codes, that one account has at most: each. */
const maxPerOwner = 500;
/** Sign-ins of one person at one server that are good at once: a session has one, and a person 50 sessions at most. */
const maxPerClient = 100;
/** Uses of a token are recorded at most this often. */
const useStepMs = 60_000;

export function createTokens(deps: { store: Store<AdminData, StateData>; clock: Clock }): Tokens {
  const { state } = deps.store;
  const index = createTokenIndex(state);
  const listeners = new Set<(ids: ReadonlySet<string>) => void>();
  const isLive = (record: Token) => record.expiresAt === null || Date.parse(record.expiresAt) > deps.clock.now();
  const stopListening = state.onChange((change) => {
    const gone = change.changes.filter(({ map, before, after }) => map === 'tokens' && before && after === undefined);
    if (gone.length === 0) return;
    const ids = new Set(gone.map(({ key }) => key));
    for (const listener of listeners) listener(ids);
  });

  async function issue(spec: TokenSpec): Promise<{ token: string; record: Token }> {
    await makeRoom(spec);
    const token = spec.token ?? newToken();
    const record = toRecord(spec, hashToken(token), deps.clock.now());
    await state.update((draft) => {
      draft.tokens[record.id] = record;
    });
    return { token, record };
  }

  /** Whoever makes tokens in a loop must not fill the store: sign-ins let the oldest go, a person is told. */
  async function makeRoom({ kind, owner, clientId }: TokenSpec): Promise<void> {
    if (kind !== 'user' && kind !== 'share' && kind !== 'oauth') return;
    const alike = index.ofOwner(owner).filter((record) => record.kind === kind && isLive(record));
    if (kind === 'oauth') {
      const here = alike.filter((record) => record.clientId === clientId);
      const oldest = here.sort((a, b) => a.createdAt.localeCompare(b.createdAt)).slice(0, -(maxPerClient - 1));
      const ids = new Set(here.length < maxPerClient ? [] : oldest.map(({ id }) => id));
      if (ids.size > 0) await revokeWhere(({ id }) => ids.has(id));
    } else if (alike.length >= maxPerOwner)
      throw new GatewayError('request.invalid', {
        message: `There are ${alike.length} ${kind === 'user' ? 'tokens' : 'share codes'} already: more are not made.`,
        advice: 'Revoke those that are not needed any more.',
      });
  }

  function find(token: string): Token | undefined {
    const id = index.idOf(hashToken(token));
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
    ofClient: (clientId) => index.ofClient(clientId).filter(isLive),
    ofOwner: (owner) => index.ofOwner(owner).filter(isLive),
    list: (match) => Object.values(state.data.tokens).filter((record) => isLive(record) && match(record)),
    revokeWhere,
    onRevoke(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close() {
      stopListening();
      index.close();
    },
  };
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
