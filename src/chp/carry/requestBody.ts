import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';

/**
 * The client's body for undici, with back-pressure. It stands between the two because undici destroys the body of a
 * request that failed, and to destroy an IncomingMessage is to cut the client off before it has its answer.
 */
export class RequestBody extends Readable {
  readonly #source: IncomingMessage;

  constructor(source: IncomingMessage) {
    super({ highWaterMark: 65_536 });
    this.#source = source;
    source.on('data', this.#onData);
    source.on('end', this.#onEnd);
    source.on('close', this.#onClose);
    source.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#source.pause();
  };

  readonly #onEnd = (): void => void this.push(null);

  readonly #onClose = (): void => {
    if (!this.#source.complete) this.destroy(new Error('the client broke off its request'));
  };

  override _read(): void {
    this.#source.resume();
  }

  /** What is left of the client's body is thrown away: it still has to be read before the answer is sent. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const source = this.#source;
    source.off('data', this.#onData);
    source.off('end', this.#onEnd);
    source.off('close', this.#onClose);
    if (!source.readableEnded) source.resume();
    done(error);
  }
}
