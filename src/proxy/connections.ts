import type { Identity } from '../access/types.ts';
import type { Clock } from '../clock.ts';
import type { ConnectionInfo, Connections } from './types.ts';

/** A connection that can be told to end. */
export interface Closable {
  close(code: number, reason: string): void;
}

export interface ConnectionRegistry extends Connections {
  /** Returns the function that takes it off the list. */
  add(info: ConnectionInfo, connection: Closable): () => void;
  /** A request with a newer token of the same session: its connections live as long as that. */
  prolong(session: Session): void;
  /** Resolves once no connection is left. */
  drained(): Promise<void>;
}

/** RFC 6455, 7.4.2: 4000 to 4999 are an application's own. The expired sign-in gets one, so that a client can tell. */
export const closeCodes = { goingAway: 1001, policy: 1008, expired: 4401 } as const;

type Session = Pick<Identity, 'sessionId' | 'via' | 'expiresAt'>;

/** A Hub token of a session ends at its own time: the two never prolong each other. */
function keyOf(sessionId: string, proved: { via: Identity['via'] } | undefined): string {
  return `${proved?.via} ${sessionId}`;
}

/** How long the connections of one session may live, ms since 1970; renewing its token moves the end. */
interface SessionLife {
  expiresAt: number;
  count: number;
}

/** setTimeout takes no longer waits. */
const longestTimerMs = 2 ** 31 - 1;

export function createConnections({ clock }: { clock: Clock }): ConnectionRegistry {
  const open = new Map<Closable, ConnectionInfo>();
  const bySession = new Map<string, SessionLife>();
  const waiting = new Set<() => void>();

  function lifeOf(info: ConnectionInfo): SessionLife {
    const { expiresAt } = info;
    const key = keyOf(info.sessionId, info.identity);
    let life = bySession.get(key);
    if (life === undefined) bySession.set(key, (life = { expiresAt, count: 0 }));
    life.expiresAt = Math.max(life.expiresAt, expiresAt);
    life.count += 1;
    return life;
  }

  /** Looks again when the wait is over: a session that was prolonged meanwhile gets the rest. */
  function watchExpiry(life: SessionLife, connection: Closable): () => void {
    let timer: NodeJS.Timeout | undefined;
    const arm = (): void => {
      const leftMs = life.expiresAt - clock.now();
      if (leftMs <= 0 && timer !== undefined) connection.close(closeCodes.expired, 'your sign-in has expired');
      else timer = setTimeout(arm, Math.min(Math.max(leftMs, 0), longestTimerMs)).unref();
    };
    if (Number.isFinite(life.expiresAt)) arm();
    return () => clearTimeout(timer);
  }

  return {
    add(info, connection) {
      open.set(connection, info);
      const life = lifeOf(info);
      const stopWatch = watchExpiry(life, connection);
      return () => {
        stopWatch();
        if (!open.delete(connection)) return;
        life.count -= 1;
        if (life.count === 0) bySession.delete(keyOf(info.sessionId, info.identity));
        if (open.size === 0) for (const resolve of waiting) resolve();
      };
    },
    closeWhere(match, code, reason) {
      const matching = [...open].filter(([, info]) => match(info));
      for (const [connection] of matching) connection.close(code, reason);
      return matching.length;
    },
    prolong(session) {
      if (bySession.size === 0) return;
      const life = bySession.get(keyOf(session.sessionId, session));
      if (life !== undefined && session.expiresAt > life.expiresAt) life.expiresAt = session.expiresAt;
    },
    regroup(sessionId, account) {
      for (const info of open.values()) {
        const { identity } = info;
        if (identity?.account.name !== account.name) continue;
        if (info.sessionId === sessionId || identity.via === 'hub-token') info.identity = { ...identity, account };
      }
    },
    count: () => open.size,
    drained() {
      if (open.size === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          waiting.delete(done);
          resolve();
        };
        waiting.add(done);
      });
    },
  };
}
