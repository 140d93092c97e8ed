import { randomBytes } from 'node:crypto';
import { SignJWT } from 'jose';
import type { Clock } from '../clock.ts';
import type { AdminData, SessionRecord, StateData } from '../store/schema.ts';
import type { DeepReadonly, Store } from '../store/types.ts';
import type { Keyring } from './keyring.ts';

/** Signed-in browsers. A record in the store is what makes a token good: without it, or revoked, it is nobody's. */

export const sessionAudience = 'cylc-gateway';
export const sessionTokenType = 'cylc-session+jwt';

export interface SessionView {
  id: string;
  account: string;
  issuer: string;
  userAgent: string;
  /** ISO 8601. */
  createdAt: string;
  expiresAt: string;
}

export interface SessionEnd {
  sessionId: string;
  account: string;
  reason: 'expired' | 'logout' | 'revoked' | 'blocked' | 'replaced';
}

export interface Sessions {
  /** Live sessions of the account, newest first. */
  list(account: string): SessionView[];
  /** False where there is no such live session. */
  revoke(id: string, by: string, reason?: SessionEnd['reason']): Promise<boolean>;
  /** Returns how many ended. */
  revokeAll(account: string, by: string, reason?: SessionEnd['reason']): Promise<number>;
  /** Called once for each session when it ends, however it ends. Returns the function that ends the calls. */
  onEnd(listener: (end: SessionEnd) => void): () => void;
}

export interface SessionKeeper extends Sessions {
  /** Resolves when the record is on disk. `expiresAtMs` ends it earlier than its lifetime would. */
  start(who: {
    account: string;
    uid: number;
    issuer: string;
    userAgent: string;
  }): Promise<{ id: string; token: string }>;
  isLive(id: string): boolean;
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
  const listeners = new Set<(end: SessionEnd) => void>();
  const records = (): DeepReadonly<StateData>['sessions'] => store.state.data.sessions;
  const live = (record: DeepReadonly<SessionRecord> | undefined): boolean =>
    record !== undefined && record.revokedAt === null && Date.parse(record.expiresAt) > clock.now();
  let nextExpiryMs = 0;

  function emit(end: SessionEnd): void {
    for (const listener of listeners) listener(end);
  }

  async function end(ids: readonly string[], reason: SessionEnd['reason'], by: string): Promise<void> {
    const ended = ids.flatMap((id) => records()[id] ?? []);
    const revokedAt = new Date(clock.now()).toISOString();
    const written = store.state.update((draft) => {
      for (const { id } of ended) if (draft.sessions[id] !== undefined) draft.sessions[id].revokedAt = revokedAt;
    });
    for (const { id, account } of ended) {
      log.info({ sessionId: id, account, by, reason }, 'session ended');
      emit({ sessionId: id, account, reason });
    }
    await written;
  }

  function liveOf(account: string): DeepReadonly<SessionRecord>[] {
    return Object.values(records())
      .filter((record) => record.account === account && live(record))
      .sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
  }

  /** Ends what has expired and forgets records that no token can refer to any more. */
  function sweep(): void {
    const now = clock.now();
    if (now < nextExpiryMs) return;
    const all = Object.values(records());
    const over = all.filter((record) => Date.parse(record.expiresAt) <= now);
    nextExpiryMs = Math.min(...all.filter((each) => !over.includes(each)).map((each) => Date.parse(each.expiresAt)));
    if (over.length === 0) return;
    store.state
      .update((draft) => {
        for (const { id } of over) delete draft.sessions[id];
      })
      .catch(() => undefined);
    for (const { id, account, revokedAt } of over)
      if (revokedAt === null) emit({ sessionId: id, account, reason: 'expired' });
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
    async revoke(id, by, reason = 'revoked') {
      if (!live(records()[id])) return false;
      await end([id], reason, by);
      return true;
    },
    async revokeAll(account, by, reason = 'revoked') {
      const ids = liveOf(account).map((record) => record.id);
      if (ids.length > 0) await end(ids, reason, by);
      return ids.length;
    },
    onEnd(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async start(who) {
      const surplus = liveOf(who.account).slice(maxPerAccount - 1);
      if (surplus.length > 0)
        await end(
          surplus.map((record) => record.id),
          'replaced',
          'limit',
        );
      const record = newRecord(who, clock.now(), options.lifetimeMs);
      nextExpiryMs = Math.min(nextExpiryMs, Date.parse(record.expiresAt));
      await store.state.update((draft) => {
        draft.sessions[record.id] = record;
      });
      log.info({ sessionId: record.id, account: who.account, issuer: who.issuer }, 'session started');
      return { id: record.id, token: await sign(record, who.uid, options) };
    },
    isLive: (id) => live(records()[id]),
    close() {
      clearInterval(timer);
      stopState();
      stopAdmin();
    },
  };
  return keeper;
}

function newRecord(
  who: { account: string; issuer: string; userAgent: string },
  nowMs: number,
  lifetimeMs: number,
): SessionRecord {
  return {
    id: randomBytes(16).toString('base64url'),
    account: who.account,
    issuer: who.issuer,
    userAgent: who.userAgent.slice(0, 300),
    createdAt: new Date(nowMs).toISOString(),
    expiresAt: new Date(nowMs + lifetimeMs).toISOString(),
    revokedAt: null,
  };
}

function sign(record: SessionRecord, uid: number, { keyring, issuer }: SessionsOptions): Promise<string> {
  const { kid, key } = keyring.current();
  return new SignJWT({ sid: record.id, uid })
    .setProtectedHeader({ alg: 'EdDSA', kid, typ: sessionTokenType })
    .setIssuer(issuer)
    .setAudience(sessionAudience)
    .setSubject(record.account)
    .setIssuedAt(Math.floor(Date.parse(record.createdAt) / 1000))
    .setExpirationTime(Math.floor(Date.parse(record.expiresAt) / 1000))
    .sign(key);
}

function toView({ id, account, issuer, userAgent, createdAt, expiresAt }: DeepReadonly<SessionRecord>): SessionView {
  return { id, account, issuer, userAgent, createdAt, expiresAt };
}
