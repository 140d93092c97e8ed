import { UpstreamConnection } from './connection.ts';
import type { ConnectionOwner } from './connection.ts';
import type { Ticker } from './ticker.ts';
import type { Connect, ExchangeHandler, PoolCount, UpstreamLimits } from './types.ts';

/** The connections to one upstream: kept, lent to one exchange at a time, bounded; exchanges beyond the bound wait. */
export interface UpstreamPool {
  readonly closed: boolean;
  request(handler: ExchangeHandler): void;
  /** Of an exchange that has no connection yet: takes it off the queue, or ends the attempt to connect for it. */
  withdraw(handler: ExchangeHandler): void;
  count(): PoolCount;
  /** Running exchanges end as they will; then nothing is kept. */
  close(): void;
  /** Breaks all off. */
  destroy(): void;
}

/** Longest queue for one upstream. */
const maxWaiting = 2048;

interface Waiting {
  handler: ExchangeHandler;
  deadline: number;
  expire(): void;
}

export function createUpstreamPool(connect: Connect, limits: UpstreamLimits, ticker: Ticker): UpstreamPool {
  const open = new Set<UpstreamConnection>();
  const idle: UpstreamConnection[] = [];
  const waiting: Waiting[] = [];
  let closed = false;
  const fairShare = Math.ceil(limits.maxConnections / 4);
  const phaseMs = { connect: limits.connectMs, head: limits.headMs, idle: limits.idleMs };
  const owner: ConnectionOwner = {
    maxHeadBytes: limits.maxHeadBytes,
    memory: limits.memory,
    connect,
    deadline: (phase) => ticker.after(phaseMs[phase]),
    onFree(connection) {
      const next = takeWaiting(open.size <= limits.maxConnections);
      if (next !== undefined) connection.start(next);
      else if (closed || open.size > limits.maxConnections) connection.abort();
      else idle.push(connection);
    },
    onGone(connection) {
      open.delete(connection);
      ticker.remove(connection);
      const at = idle.indexOf(connection);
      if (at !== -1) idle.splice(at, 1);
      const next = takeWaiting(open.size < limits.maxConnections);
      if (next !== undefined) connectFor(next);
    },
  };

  /** Looked up only when all connections are busy: to count at every request would cost each of them. */
  function hasItsShare({ visitor }: ExchangeHandler): boolean {
    let busy = 0;
    for (const connection of open) if (connection.visitor === visitor) busy += 1;
    return busy >= fairShare;
  }

  /** The first of somebody who has less than a fair share, or else, where there is room for anybody, the first of all. */
  function takeWaiting(room: boolean): ExchangeHandler | undefined {
    if (waiting.length === 0) return undefined;
    const sated = new Map<string, boolean>();
    const at = waiting.findIndex(({ handler }) => {
      let has = sated.get(handler.visitor);
      if (has === undefined) sated.set(handler.visitor, (has = hasItsShare(handler)));
      return !has;
    });
    if (at === -1 && !room) return undefined;
    const [next] = waiting.splice(Math.max(at, 0), 1);
    ticker.remove(next!);
    return next!.handler;
  }

  function connectFor(handler: ExchangeHandler): void {
    const connection = new UpstreamConnection(owner, handler);
    open.add(connection);
    ticker.add(connection);
  }

  function withdraw(handler: ExchangeHandler): void {
    const at = waiting.findIndex((entry) => entry.handler === handler);
    if (at !== -1) ticker.remove(waiting.splice(at, 1)[0]!);
    else for (const connection of open) if (connection.serves(handler)) connection.abort();
  }

  function wait(handler: ExchangeHandler): void {
    const entry: Waiting = {
      handler,
      deadline: ticker.after(limits.headMs),
      expire() {
        withdraw(handler);
        const cause = new Error(`all ${limits.maxConnections} connections to the upstream are in use`);
        handler.onFailure({ kind: 'timeout', phase: 'connect', cause, stale: false });
      },
    };
    waiting.push(entry);
    ticker.add(entry);
    if (waiting.length > maxWaiting) entry.expire();
  }

  return {
    get closed() {
      return closed;
    },
    request(handler) {
      const kept = idle.pop();
      if (kept !== undefined) kept.start(handler);
      else if (open.size < limits.maxConnections || !hasItsShare(handler)) connectFor(handler);
      else wait(handler);
    },
    withdraw,
    count: () => ({ busy: open.size - idle.length, idle: idle.length, waiting: waiting.length }),
    close() {
      closed = true;
      for (const connection of idle.splice(0)) connection.abort();
    },
    destroy() {
      closed = true;
      for (const entry of waiting.splice(0)) entry.expire();
      for (const connection of open) connection.breakOff(new Error('the gateway is going down'), 'broken');
    },
  };
}
