import type { OnReadOpts, Socket } from 'node:net';
import type { AnswerHead } from './answerHead.ts';
import type { ReadMemory } from './readMemory.ts';

/** Begins a connection to an upstream. What comes is read into the memory that is given, or else told by `data` events. */
export type Connect = (onread?: OnReadOpts) => Socket;

/** Why an exchange failed at the upstream's side. */
export interface UpstreamFailure {
  kind: 'connect' | 'timeout' | 'broken';
  /** How far the exchange had come. */
  phase: 'connect' | 'answer head' | 'answer body';
  cause: unknown;
  /** A kept connection that ended before a byte of the answer: the upstream closed it as we wrote (RFC 9112, 9.3.1). */
  stale: boolean;
}

/** One connection, lent for one exchange. */
export interface LentConnection {
  /** False: wait for `onDrain`. Text is latin1. */
  write(data: Uint8Array | string): boolean;
  /** Until the request is complete, the connection cannot be used again, and no deadline for the answer runs. */
  requestSent(): void;
  /** Nothing is held any more of what `onData` got: more may come. */
  resume(): void;
  /** Breaks the exchange off: nothing is called any more. */
  abort(): void;
}

/** Whoever asks for an exchange: told of all that happens, in this order. After `onEnd` or `onFailure`, nothing more. */
export interface ExchangeHandler {
  readonly method: string;
  /** For whom: connections are shared out by it when they are all busy. */
  readonly visitor: string;
  onConnection(connection: LentConnection): void;
  onDrain(): void;
  /** 1xx other than 101. */
  onInformation(head: AnswerHead): void;
  /** `bytesFollow`: the beginning of the body is here already. */
  onHead(head: AnswerHead, bytesFollow: boolean): void;
  /**
   * `last` where the length was known and this completes it; `onEnd` follows at once. Returns true if nothing holds on to
   * `data`, whose memory is then used again; otherwise nothing more comes until `resume` is called.
   */
  onData(data: Buffer, last: boolean): boolean;
  onEnd(trailers: readonly string[]): void;
  onFailure(failure: UpstreamFailure): void;
}

/** Of a pool; waits in ms. */
export interface UpstreamLimits {
  memory: ReadMemory;
  connectMs: number;
  /** From the end of the request, or its last sign of life, to the head of the answer. */
  headMs: number;
  idleMs: number;
  maxHeadBytes: number;
  maxConnections: number;
}

/** Connections to upstreams, and exchanges that wait for one. */
export interface PoolCount {
  busy: number;
  idle: number;
  waiting: number;
}
