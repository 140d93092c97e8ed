import type { Socket } from 'node:net';
import type { ClientReads } from '../clientReads.ts';
import type { OneATurn } from '../oneATurn.ts';
import { GrowingBuffer } from '../upstream/growingBuffer.ts';
import { copyOf } from '../upstream/readMemory.ts';
import type { Expiring, Ticker } from '../upstream/ticker.ts';
import type { LaneExchange } from './laneExchange.ts';
import { readLaneHead } from './laneHead.ts';
import type { LaneHead } from './laneHead.ts';

/** What a connection knows of the exchange that runs on it; undefined where it is not one for the lane. */
export type Begun = Pick<LaneExchange, 'start' | 'resume' | 'leave'> | undefined;

export interface LaneOptions {
  ticker: Ticker;
  reads: ClientReads;
  /** Of a connection that has not said anything yet, and between two requests, ms. */
  firstMs: number;
  idleMs: number;
  /** Longest time a client may take nothing of an answer, where it has asked for the next already, ms. */
  readIdleMs: number;
  maxHeadBytes: number;
  /** Turns of requests that came before the last was answered. No browser sends such. */
  ahead: OneATurn;
  /** Begins the exchange; undefined where the request is not one for the lane. `closes`, `onFinished`: see `LaneExchange`. */
  begin(
    socket: Socket,
    head: LaneHead,
    ends: { closes: () => boolean; onFinished: (keep: boolean) => void },
  ): Begun | Promise<Begun>;
  /** Gives the connection to the general server, which reads these bytes first. */
  handOver(socket: Socket, bytes: Buffer): void;
  onGone(connection: LaneConnection): void;
}

const nothing = new Uint8Array();
/** Bytes of further requests that may wait while one runs. */
const maxWaiting = 65_536;

/**
 * A client's connection while it keeps to the plainest kind of request: head in one piece, no body. At the first that is
 * otherwise, in whatever way, the connection goes to the general server for good, with all bytes unread: the lane never
 * refuses, repairs or guesses.
 */
export class LaneConnection implements Expiring {
  deadline: number;
  readonly #socket: Socket;
  readonly #options: LaneOptions;
  #running: Begun | 'undecided' | 'ahead';
  /** Not yet looked at; while undecided, with the request that is being decided. */
  #waiting: GrowingBuffer | undefined;
  #closing = false;

  constructor(socket: Socket, options: LaneOptions) {
    this.#socket = socket;
    this.#options = options;
    this.deadline = options.ticker.after(options.firstMs);
    options.ticker.add(this);
    if (!options.reads.take(socket, this.#onRead)) socket.on('data', this.#onData);
    socket.on('end', this.#onEnd).on('drain', this.#onDrain);
    socket.on('close', this.#onClose).on('error', ignore).on('timeout', this.#onTimeout);
  }

  expire(): void {
    this.#socket.destroy();
  }

  /** At shutdown: at once where nothing runs, else after the running answer. */
  close(): void {
    this.#closing = true;
    if (this.#running === undefined || this.#running === 'ahead') this.#socket.destroy();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onData = (chunk: Buffer): void => this.#onRead(chunk, chunk.length);

  readonly #onRead = (memory: Buffer, length: number): void => {
    if (this.#running === undefined && this.#waiting === undefined) {
      this.#next(memory, length);
      return;
    }
    const chunk = copyOf(memory, length);
    if (this.#waiting === undefined) this.#waiting = new GrowingBuffer(chunk);
    else this.#waiting.append(chunk);
    const { bytes } = this.#waiting;
    if (this.#running === undefined) this.#next(bytes, bytes.length);
    else if (bytes.length > maxWaiting) this.#socket.pause();
  };

  /** What is needed later is copied: the memory may be shared. Behind `length` it holds what others have sent. */
  #next(memory: Buffer, length: number): void {
    this.deadline = 0;
    this.#waiting = undefined;
    const end = memory.indexOf('\r\n\r\n');
    const head =
      end === -1 || end + 4 > length || end > this.#options.maxHeadBytes
        ? undefined
        : readLaneHead(memory.toString('latin1', 0, end));
    const begun =
      head === undefined
        ? undefined
        : this.#options.begin(this.#socket, head, { closes: () => this.#closing, onFinished: this.#onFinished });
    if (!(begun instanceof Promise)) {
      this.#start(begun, memory, length, end + 4);
      return;
    }
    this.#running = 'undecided';
    this.#waiting = new GrowingBuffer(copyOf(memory, length));
    void begun.then((exchange) => this.#startWaiting(exchange, end + 4));
  }

  /** More may have come meanwhile. */
  #startWaiting(exchange: Begun, next: number): void {
    const { bytes } = this.#waiting!;
    this.#start(exchange, bytes, bytes.length, next);
  }

  #start(exchange: Begun, memory: Buffer, length: number, next: number): void {
    this.#running = exchange;
    if (this.#socket.destroyed) exchange?.leave();
    else if (exchange === undefined) this.#handOver(copyOf(memory, length));
    else {
      this.#waiting = length > next ? new GrowingBuffer(copyOf(memory.subarray(next), length - next)) : undefined;
      exchange.start();
    }
  }

  readonly #onFinished = (keep: boolean): void => {
    this.#running = undefined;
    if (!keep || this.#closing) this.#socket.end();
    else if (this.#waiting === undefined) this.deadline = this.#options.ticker.after(this.#options.idleMs);
    else {
      this.#running = 'ahead';
      if (this.#socket.writableLength === 0) this.#options.ahead(this.#goOn);
      else this.#whenTaken();
    }
  };

  /** Whoever asks on without taking what is there already gets no more for now. */
  #whenTaken(): void {
    this.#socket.setTimeout(this.#options.readIdleMs);
    this.#socket.write(nothing, () => {
      this.#socket.setTimeout(0);
      this.#options.ahead(this.#goOn);
    });
  }

  /** With requests that came before the last was answered; in their turn among all such, so that none starves the others. */
  readonly #goOn = (): void => {
    if (this.#socket.destroyed) return;
    this.#running = undefined;
    if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#closing) this.#socket.end();
    else {
      const { bytes } = this.#waiting!;
      this.#next(bytes, bytes.length);
    }
  };

  readonly #onDrain = (): void => {
    if (typeof this.#running === 'object') this.#running.resume();
  };

  /** Takes nothing of its answer. */
  readonly #onTimeout = (): void => {
    this.#socket.destroy();
  };

  /** Who closes its side has left, as far as can be told: waiting for more would keep exchanges of people long gone. */
  readonly #onEnd = (): void => {
    this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    if (typeof this.#running === 'object') this.#running.leave();
    this.#leave();
  };

  #handOver(bytes: Buffer): void {
    this.#leave();
    const socket = this.#socket;
    this.#options.reads.release(socket);
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain);
    socket.off('close', this.#onClose).off('error', ignore).off('timeout', this.#onTimeout);
    this.#options.handOver(socket, bytes);
  }

  #leave(): void {
    this.#options.ticker.remove(this);
    this.#options.onGone(this);
  }
}

function ignore(): void {}
