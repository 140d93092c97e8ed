import type { Account } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { AdminData, StateData } from '../store/schema.ts';
import type { DeepReadonly, Store } from '../store/types.ts';
import { adoption, rememberUntil } from './externalSessions.ts';
import type { External } from './externalSessions.ts';
import type { Keyring } from './keyring.ts';
import { createSessionIndex } from './sessionIndex.ts';
import { isoOf, newRecord, signSession, toView } from './sessionRecords.ts';
import type { LiveSession, NewSession, SessionView } from './sessionRecords.ts';

/** Signed-in browsers. A record in the store is what makes a token good: without it, or revoked, it is nobody's. */

export interface SessionEnd {
  sessionId: string;
  account: string;
  /** `provider`: the identity provider said so. */
  reason: 'expired' | 'logout' | 'revoked' | 'blocked' | 'replaced' | 'provider';
}

export interface Sessions {
  /** Live sessions of the account, newest first. */
  list(account: string): SessionView[];
  /** Of all accounts. */
  listAll(): SessionView[];
  /** False where there is no such live session. */
  revoke(id: string, by: string, reason?: SessionEnd['reason']): Promise<boolean>;
  /** Returns how many ended. */
  revokeAll(account: string, by: string, reason?: SessionEnd['reason']): Promise<number>;
  /** Called once for each session when it ends, however it ends. Returns the function that ends the calls. */
  onEnd(listener: (end: SessionEnd) => void): () => void;
  /** Called when a session is renewed: what it opened may stay open until `expiresAt`, ms since 1970. */
  onRenew(listener: (sessionId: string, expiresAt: number) => void): () => void;
  /** Called when the provider names other groups than before. */
  onGroups(listener: (change: GroupsChange) => void): () => void;
}

/** Who somebody is by what their provider says now. */
export interface GroupsChange {
  sessionId: string;
  account: Account;
  /** Groups of claims, with their prefix: those that came and those that went. */
  changed: readonly string[];
}

export interface SessionKeeper extends Sessions {
  /** Resolves when the record is on disk. */
  start(who: NewSession): Promise<{ id: string; token: string }>;
  /** Takes note of a verified token of another issuer; false where its session has been ended here. */
  adopt(token: External, account: Account): boolean;
  /**
   * Longer life, what is kept for the next renewal, and who it is by the provider's word (with the time of its word on
   * groups). False where the session is no more.
   */
  renew(
    id: string,
    untilMs: number,
    kept: string | undefined,
    told?: { account: Account; atMs: number },
  ): Promise<boolean>;
  /** A new token for a live session, as long-lived as that is now. */
  tokenFor(id: string): Promise<string | undefined>;
  /** Records of all live sessions, newest first. */
  live(): LiveSession[];
  get(id: string): LiveSession | undefined;
  isLive(id: string): boolean;
  /** Ends all that match; returns how many. */
  endWhere(match: (record: LiveSession) => boolean, by: string, reason: SessionEnd['reason']): Promise<number>;
  close(): void;
}

export interface SessionsOptions {
  store: Store<AdminData, StateData>;
  keyring: Keyring;
  clock: Clock;
  /** `iss` of the tokens. */
  issuer: string;
  lifetimeMs: number;
  log: { info(fields: object, message: string): void };
}

/** Sessions of one account at a time; with one more the oldest ends. */
const maxPerAccount = 50;
const sweepMs = 500;

export function createSessions(options: SessionsOptions): SessionKeeper {
  const { clock, store, log } = options;
  const ends = new Set<(end: SessionEnd) => void>();
  const renewals = new Set<(sessionId: string, expiresAt: number) => void>();
  const regroupings = new Set<(change: GroupsChange) => void>();
  const records = (): DeepReadonly<StateData>['sessions'] => store.state.data.sessions;
  const live = (record: LiveSession | undefined): boolean =>
    record !== undefined && record.revokedAt === null && Date.parse(record.expiresAt) > clock.now();
  const index = createSessionIndex(store.state);
  const newestFirst = (some: readonly LiveSession[]): LiveSession[] =>
    some.filter(live).sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  const liveOf = (account: string): LiveSession[] => newestFirst(index.of(account));
  const liveWhere = (match: (record: LiveSession) => boolean): LiveSession[] =>
    newestFirst(Object.values(records()).filter(match));
  let nextExpiryMs = 0;

  function emit(end: SessionEnd): void {
    for (const listener of ends) listener(end);
  }

  /** An end holds in memory at once; it resolves when it is on disk. */
  async function end(ended: readonly LiveSession[], reason: SessionEnd['reason'], by: string): Promise<number> {
    if (ended.length === 0) return 0;
    const written = store.state.update((draft) => {
      for (const { id } of ended) {
        const record = draft.sessions[id];
        if (record === undefined) continue;
        record.revokedAt = isoOf(clock.now());
        delete record.kept;
        if (record.kind === 'external') record.expiresAt = isoOf(rememberUntil(record, clock));
      }
    });
    for (const { id, account } of ended) {
      log.info({ sessionId: id, account, by, reason }, 'session ended');
      emit({ sessionId: id, account, reason });
    }
    await written;
    return ended.length;
  }

  /** Ends what has expired and forgets records that no token can refer to any more. */
  function sweep(): void {
    const now = clock.now();
    if (now < nextExpiryMs) return;
    const over: LiveSession[] = [];
    nextExpiryMs = Infinity;
    for (const record of Object.values(records())) {
      const expiryMs = Date.parse(record.expiresAt);
      if (expiryMs <= now) over.push(record);
      else nextExpiryMs = Math.min(nextExpiryMs, expiryMs);
    }
    if (over.length === 0) return;
    store.state
      .update((draft) => {
        for (const { id } of over) delete draft.sessions[id];
      })
      .catch(() => undefined);
    for (const { id, account, revokedAt } of over)
      if (revokedAt === null) emit({ sessionId: id, account, reason: 'expired' });
  }

  function renewed(id: string, untilMs: number): void {
    for (const listener of renewals) listener(id, untilMs);
  }

  /** Tells what is different from what the record says now. Before that is written. */
  function regrouped(id: string, account: Account): void {
    const [before, after] = [records()[id]?.groups ?? [], claimedOf(account)];
    const changed = [...before.filter((one) => !after.includes(one)), ...after.filter((one) => !before.includes(one))];
    if (changed.length === 0) return;
    log.info({ sessionId: id, account: account.name, groups: after }, 'the provider names other groups now');
    queueMicrotask(() => {
      for (const listener of regroupings) listener({ sessionId: id, account, changed });
    });
  }

  const timer = setInterval(sweep, sweepMs).unref();
  const stopState = store.state.onChange(({ before, after, by }) => {
    if (by === 'program') return;
    nextExpiryMs = 0;
    for (const { id, account } of Object.values(before.sessions).filter(live))
      if (!live(after.sessions[id])) emit({ sessionId: id, account, reason: 'revoked' });
  });
  const stopAdmin = store.admin.onChange(({ before, after }) => {
    for (const [account, entry] of Object.entries(after.accounts))
      if (entry.blocked === true && before.accounts[account]?.blocked !== true)
        keeper.revokeAll(account, 'block', 'blocked').catch(() => undefined);
  });

  const keeper: SessionKeeper = {
    list: (account) => liveOf(account).map(toView),
    listAll: () => liveWhere(() => true).map(toView),
    async revoke(id, by, reason = 'revoked') {
      const record = keeper.get(id);
      return record !== undefined && (await end([record], reason, by)) > 0;
    },
    revokeAll: (account, by, reason = 'revoked') => end(liveOf(account), reason, by),
    endWhere: (match, by, reason) => end(liveWhere(match), reason, by),
    onEnd(listener) {
      ends.add(listener);
      return () => void ends.delete(listener);
    },
    onRenew(listener) {
      renewals.add(listener);
      return () => void renewals.delete(listener);
    },
    onGroups(listener) {
      regroupings.add(listener);
      return () => void regroupings.delete(listener);
    },
    async start(who) {
      await end(liveOf(who.account).slice(maxPerAccount - 1), 'replaced', 'limit');
      const record = newRecord(who, clock.now(), options.lifetimeMs);
      nextExpiryMs = Math.min(nextExpiryMs, Date.parse(record.expiresAt));
      await store.state.update((draft) => {
        draft.sessions[record.id] = record;
      });
      log.info({ sessionId: record.id, account: who.account, issuer: who.issuer }, 'session started');
      return { id: record.id, token: await signSession(record, { ...options, nowMs: clock.now() }) };
    },
    adopt(token, account) {
      const known = records()[token.sessionId];
      // Another rule, another account: what the former one opened must not be taken over.
      if (known !== undefined && live(known) && known.account !== token.account)
        end([known], 'replaced', 'mapping').catch(() => undefined);
      const step = adoption(records()[token.sessionId], token, { now: clock.now() });
      if (step.kind !== 'put') return step.kind === 'keep';
      const { record, began } = step;
      nextExpiryMs = Math.min(nextExpiryMs, token.expiresAt);
      if (!began) regrouped(record.id, account);
      store.state
        .update((draft) => {
          draft.sessions[record.id] = record;
        })
        .catch(() => undefined);
      if (began) log.info({ sessionId: record.id, account: record.account, issuer: record.issuer }, 'session seen');
      else renewed(record.id, token.expiresAt);
      return true;
    },
    async renew(id, untilMs, kept, told) {
      if (!live(records()[id])) return false;
      if (told !== undefined) regrouped(id, told.account);
      const written = store.state.update((draft) => {
        const record = draft.sessions[id];
        if (record === undefined) return;
        record.expiresAt = isoOf(untilMs);
        if (kept !== undefined) record.kept = kept;
        if (told === undefined) return;
        record.groups = claimedOf(told.account);
        record.groupsAt = isoOf(told.atMs);
      });
      renewed(id, untilMs);
      await written;
      return true;
    },
    async tokenFor(id) {
      const record = records()[id];
      if (record === undefined || !live(record) || record.kind === 'external') return undefined;
      return signSession(record, { ...options, nowMs: clock.now() });
    },
    live: () => liveWhere(() => true),
    get: (id) => (live(records()[id]) ? records()[id] : undefined),
    isLive: (id) => live(records()[id]),
    close() {
      clearInterval(timer);
      index.close();
      stopState();
      stopAdmin();
    },
  };
  return keeper;
}

function claimedOf({ groups }: Account): string[] {
  return groups.filter((group) => group.startsWith('claim:'));
}
