import type { AnswerHead } from './answerHead.ts';

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
  pause(): void;
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
  /** `last` where the length was known and this completes it; `onEnd` follows at once. */
  onData(data: Buffer, last: boolean): void;
  onEnd(trailers: readonly string[]): void;
  onFailure(failure: UpstreamFailure): void;
}

/** Waits, in ms. */
export interface UpstreamLimits {
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
