import type { IncomingMessage } from 'node:http';
import { requestTrailers } from './trailers.ts';
import type { LentConnection } from './upstream/types.ts';
import type { Expiring, Ticker } from './upstream/ticker.ts';

export interface RequestBodyOptions {
  chunked: boolean;
  /** Longest time without a byte from the client while it is the one waited for, ms. */
  idleMs: number;
  ticker: Ticker;
  onStalled(): void;
}

/**
 * The client's body on its way to the upstream, with back-pressure. A body has no deadline as a whole, however long it
 * takes; only a client that sends nothing at all for `idleMs` is given up.
 */
export class RequestBody implements Expiring {
  deadline = 0;
  readonly #source: IncomingMessage;
  readonly #options: RequestBodyOptions;
  #connection: LentConnection | undefined;

  constructor(source: IncomingMessage, options: RequestBodyOptions) {
    this.#source = source;
    this.#options = options;
  }

  sendTo(connection: LentConnection): void {
    this.#connection = connection;
    this.#options.ticker.add(this);
    this.#watch();
    this.#source.on('data', this.#onData);
    this.#source.on('end', this.#onEnd);
  }

  /** The upstream takes more again. */
  resume(): void {
    if (this.#connection === undefined) return;
    this.#watch();
    this.#source.resume();
  }

  /** What is left of it is of no use: it is read and thrown away, since the client may answer only after sending it. */
  discard(): void {
    this.#leave();
    this.#source.resume();
  }

  expire(): void {
    this.#options.onStalled();
  }

  #watch(): void {
    this.deadline = this.#options.ticker.after(this.#options.idleMs);
  }

  #leave(): void {
    this.#connection = undefined;
    this.#options.ticker.remove(this);
    this.#source.off('data', this.#onData);
    this.#source.off('end', this.#onEnd);
  }

  readonly #onData = (data: Buffer): void => {
    const connection = this.#connection!;
    if (this.#options.chunked) connection.write(`${data.length.toString(16)}\r\n`);
    let more = connection.write(data);
    if (this.#options.chunked) more = connection.write('\r\n');
    if (more) {
      this.#watch();
      return;
    }
    this.deadline = 0;
    this.#source.pause();
  };

  readonly #onEnd = (): void => {
    const connection = this.#connection!;
    this.#leave();
    if (this.#options.chunked) connection.write(`0\r\n${requestTrailers(this.#source.rawTrailers)}\r\n`);
    connection.requestSent();
  };
}
