import type { Socket } from 'node:net';
import { UpstreamConnection } from './connection.ts';
import type { ConnectionOwner } from './connection.ts';
import type { Ticker } from './ticker.ts';
import type { ExchangeHandler, PoolCount, UpstreamLimits } from './types.ts';

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

interface Waiting {
  handler: ExchangeHandler;
  deadline: number;
  expire(): void;
}

/** `connect` begins a new connection to the upstream. */
export function createUpstreamPool(connect: () => Socket, limits: UpstreamLimits, ticker: Ticker): UpstreamPool {
  const open = new Set<UpstreamConnection>();
  const idle: UpstreamConnection[] = [];
  const waiting: Waiting[] = [];
  let closed = false;
  const phaseMs = { connect: limits.connectMs, head: limits.headMs, idle: limits.idleMs };
  const owner: ConnectionOwner = {
    maxHeadBytes: limits.maxHeadBytes,
    deadline: (phase) => ticker.after(phaseMs[phase]),
    onFree(connection) {
      const next = takeWaiting();
      if (next !== undefined) connection.start(next);
      else if (closed) connection.abort();
      else idle.push(connection);
    },
    onGone(connection) {
      open.delete(connection);
      ticker.remove(connection);
      const at = idle.indexOf(connection);
      if (at !== -1) idle.splice(at, 1);
      const next = takeWaiting();
      if (next !== undefined) connectFor(next);
    },
  };

  function takeWaiting(): ExchangeHandler | undefined {
    const first = waiting.shift();
    if (first !== undefined) ticker.remove(first);
    return first?.handler;
  }

  function connectFor(handler: ExchangeHandler): void {
    const connection = new UpstreamConnection(connect(), owner, handler);
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
  }

  return {
    get closed() {
      return closed;
    },
    request(handler) {
      const kept = idle.pop();
      if (kept !== undefined) kept.start(handler);
      else if (open.size < limits.maxConnections) connectFor(handler);
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
