import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { chunkedBody, readAnswerHead } from './answerHead.ts';
import type { AnswerHead } from './answerHead.ts';
import { ChunkedReader } from './chunkedReader.ts';
import { onConnected } from './connect.ts';
import { HeadCollector } from './headCollector.ts';
import { copyOf } from './readMemory.ts';
import type { ReadMemory } from './readMemory.ts';
import type { Connect, ExchangeHandler, LentConnection, UpstreamFailure } from './types.ts';

/** After a read of so many bytes of a body, more of the kind are expected, and read into memory of its own. */
const longRead = 16_384;
/** 103 and 102 come once or a few times; an endless row of them is an attack. */
export const maxInformation = 16;

export interface ConnectionOwner {
  maxHeadBytes: number;
  memory: ReadMemory;
  connect: Connect;
  /** Called when it may be used again. */
  onFree(connection: UpstreamConnection): void;
  /** Called once, when it is of no more use. */
  onGone(connection: UpstreamConnection): void;
  /** A deadline in ticks from now; 0 for none. See `Ticker`. */
  deadline(phase: 'connect' | 'head' | 'idle'): number;
}

/**
 * One connection to an upstream, one exchange at a time: connecting → idle ⇄ (head → body) → gone. The request is
 * written as it comes; the answer is read strictly, and any byte that belongs to no answer ends the connection.
 */
export class UpstreamConnection implements LentConnection {
  /** Tick after which `expire` is called; 0 for never. */
  deadline: number;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  #handler: ExchangeHandler | undefined;
  #connected = false;
  #gone = false;
  #served = 0;
  #requestSent = false;
  #head: AnswerHead | undefined;
  readonly #heads: HeadCollector;
  #information = 0;
  /** Bytes of a body of known length still to come. */
  #left = 0;
  #chunks: ChunkedReader | undefined;
  #lastRead = 0;
  /** Memory of its own, during a long body. */
  #lent: Buffer | undefined;
  /** The handler has not let go of what it got: nothing is read until it has. */
  #held = false;

  constructor(owner: ConnectionOwner, handler: ExchangeHandler) {
    this.#owner = owner;
    this.#handler = handler;
    this.#heads = new HeadCollector(owner.maxHeadBytes);
    this.deadline = owner.deadline('connect');
    const socket = owner.connect({
      buffer: () => this.#nextMemory(),
      callback: (length, memory) => this.#onRead(length, memory),
    });
    this.#socket = socket;
    onConnected(socket, () => this.#onConnect());
    socket.on('drain', () => this.#handler?.onDrain());
    socket.on('end', () => this.#onEnd());
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the upstream closed the connection')));
  }

  /** Only when free. */
  start(handler: ExchangeHandler): void {
    this.#handler = handler;
    this.#begin();
  }

  /** For whom it is busy. */
  get visitor(): string | undefined {
    return this.#handler?.visitor;
  }

  serves(handler: ExchangeHandler): boolean {
    return this.#handler === handler;
  }

  write(data: Uint8Array | string): boolean {
    if (!this.#requestSent && this.#head === undefined) this.deadline = 0;
    return typeof data === 'string' ? this.#socket.write(data, 'latin1') : this.#socket.write(data);
  }

  requestSent(): void {
    this.#requestSent = true;
    if (this.#handler !== undefined && this.#head === undefined) this.deadline = this.#owner.deadline('head');
  }

  resume(): void {
    this.#held = false;
    this.#socket.resume();
  }

  abort(): void {
    this.#handler = undefined;
    this.#leave();
  }

  /** The deadline has passed. */
  expire(): void {
    this.breakOff(new Error('no answer in time'), this.#connected ? 'timeout' : 'connect');
  }

  /** Ends it for a reason of ours. */
  breakOff(cause: Error, kind: UpstreamFailure['kind']): void {
    if (this.#handler === undefined) this.#leave();
    else this.#fail(cause, kind);
  }

  #onConnect(): void {
    this.#connected = true;
    this.#begin();
  }

  #begin(): void {
    this.#requestSent = false;
    this.#head = undefined;
    this.#chunks = undefined;
    this.#information = 0;
    this.deadline = 0;
    this.#handler?.onConnection(this);
  }

  /** Of a body alone: what is kept of a head must stay. A TLS socket goes on reading for a while when it is paused. */
  #nextMemory(): Buffer {
    const long = this.#lastRead >= longRead && this.#handler !== undefined && this.#head !== undefined;
    if (long && !(this.#socket instanceof TLSSocket)) this.#lent ??= this.#owner.memory.lend();
    return this.#lent ?? this.#owner.memory.shared;
  }

  #onRead(length: number, memory: Uint8Array): boolean {
    this.#lastRead = length;
    const lent = this.#lent;
    this.#onData(lent === undefined ? copyOf(memory, length) : lent.subarray(0, length));
    return true;
  }

  #onData(chunk: Buffer): void {
    if (this.#handler === undefined) {
      this.#leave();
      return;
    }
    try {
      if (this.#head === undefined) this.#readHead(chunk);
      else this.#readBody(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  #readHead(chunk: Buffer): void {
    const handler = this.#handler!;
    this.#heads.push(chunk);
    while (this.#head === undefined) {
      const text = this.#heads.nextHead();
      if (text === undefined) return;
      this.#takeHead(readAnswerHead(text, handler.method), !this.#heads.isEmpty, handler);
      if (this.#handler !== handler) return;
    }
    const bytes = this.#heads.takeRest();
    if (this.#head.length === 0) this.#finish(bytes.length === 0);
    else if (bytes.length > 0) this.#readBody(bytes);
  }

  #takeHead(head: AnswerHead, bytesFollow: boolean, handler: ExchangeHandler): void {
    if (head.status < 200) {
      this.#information += 1;
      if (head.status === 101 || this.#information > maxInformation) throw new Error('the answer has no end of heads');
      if (this.#requestSent) this.deadline = this.#owner.deadline('head');
      handler.onInformation(head);
      return;
    }
    this.#head = head;
    this.#left = head.length;
    if (head.length === chunkedBody) this.#chunks = new ChunkedReader();
    this.deadline = 0;
    handler.onHead(head, bytesFollow);
  }

  #readBody(bytes: Buffer): void {
    const handler = this.#handler!;
    if (this.#chunks !== undefined) {
      const end = this.#chunks.push(bytes, (data) => {
        if (this.#handler === handler) this.#pass(data, false, handler);
      });
      if (end !== -1 && this.#handler === handler) this.#finish(end === bytes.length);
    } else if (this.#left > 0) {
      const data = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes;
      this.#left -= data.length;
      this.#pass(data, this.#left === 0, handler);
      if (this.#left === 0 && this.#handler === handler) this.#finish(data.length === bytes.length);
    } else this.#pass(bytes, false, handler);
  }

  #pass(data: Buffer, last: boolean, handler: ExchangeHandler): void {
    if (handler.onData(data, last)) return;
    this.#held = true;
    this.#socket.pause();
  }

  /** What the last handler may still hold is not used again. */
  #dropMemory(): void {
    if (this.#lent !== undefined && !this.#held) this.#owner.memory.giveBack(this.#lent);
    this.#lent = undefined;
    this.#held = false;
    this.#lastRead = 0;
  }

  /** `clean`: nothing came behind the answer. */
  #finish(clean: boolean): void {
    const handler = this.#handler!;
    const trailers = this.#chunks?.trailers ?? [];
    this.#handler = undefined;
    this.#served += 1;
    this.#dropMemory();
    if (clean && this.#requestSent && this.#head!.keepAlive && !this.#gone && this.#socket.writable) {
      this.deadline = this.#owner.deadline('idle');
      if (this.#socket.isPaused()) this.#socket.resume();
      this.#owner.onFree(this);
    } else this.#leave();
    handler.onEnd(trailers);
  }

  #onEnd(): void {
    if (this.#handler !== undefined && this.#head !== undefined && this.#chunks === undefined && this.#left < 0)
      this.#finish(false);
    else this.#fail(new Error('the upstream closed the connection'));
  }

  #fail(cause: unknown, kind: UpstreamFailure['kind'] = this.#connected ? 'broken' : 'connect'): void {
    const handler = this.#handler;
    this.#handler = undefined;
    this.#leave();
    if (handler === undefined) return;
    const silent = this.#head === undefined && this.#heads.isEmpty && this.#information === 0;
    handler.onFailure({
      kind,
      phase: !this.#connected ? 'connect' : this.#head === undefined ? 'answer head' : 'answer body',
      cause,
      stale: this.#served > 0 && silent && kind === 'broken',
    });
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.deadline = 0;
    this.#socket.destroy();
    this.#owner.onGone(this);
  }
}
