import type { Clock } from '../clock.ts';
import type { ConnectionInfo, Connections } from './types.ts';

/** A connection that can be told to end. */
export interface Closable {
  close(code: number, reason: string): void;
}

export interface ConnectionRegistry extends Connections {
  /** Returns the function that takes it off the list. */
  add(info: ConnectionInfo, connection: Closable): () => void;
  /** Resolves once no connection is left. */
  drained(): Promise<void>;
}

/** RFC 6455, 7.4.2: 4000 to 4999 are an application's own. The expired sign-in gets one, so that a client can tell. */
export const closeCodes = { goingAway: 1001, policy: 1008, expired: 4401 } as const;

/** setTimeout takes no longer waits. */
const longestTimerMs = 2 ** 31 - 1;

export function createConnections({ clock }: { clock: Clock }): ConnectionRegistry {
  const open = new Map<Closable, ConnectionInfo>();
  const waiting = new Set<() => void>();

  /** Looks again when the longest wait is over; a session that was prolonged meanwhile gets the rest. */
  function watchExpiry(info: ConnectionInfo, connection: Closable): () => void {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const leftMs = info.expiresAt - clock.now();
      if (leftMs <= 0) connection.close(closeCodes.expired, 'your sign-in has expired');
      else timer = setTimeout(arm, Math.min(leftMs, longestTimerMs)).unref();
    };
    if (Number.isFinite(info.expiresAt)) arm();
    return () => clearTimeout(timer);
  }

  return {
    add(info, connection) {
      open.set(connection, info);
      const stopWatch = watchExpiry(info, connection);
      return () => {
        stopWatch();
        open.delete(connection);
        if (open.size === 0) for (const resolve of waiting) resolve();
      };
    },
    closeWhere(match, code, reason) {
      const matching = [...open].filter(([, info]) => match(info));
      for (const [connection] of matching) connection.close(code, reason);
      return matching.length;
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
