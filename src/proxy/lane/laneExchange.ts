import type { Socket } from 'node:net';
import { GatewayError } from '../../errors.ts';
import type { Closable } from '../connections.ts';
import { isRepeatable } from '../http.ts';
import type { HttpHop } from '../http.ts';
import { pushTrailerNames, responseTrailers } from '../trailers.ts';
import { chunkedBody } from '../upstream/answerHead.ts';
import type { AnswerHead } from '../upstream/answerHead.ts';
import type { ExchangeHandler, LentConnection, UpstreamFailure } from '../upstream/types.ts';
import { writeHead } from '../writeHead.ts';

/** Head and body up to this size go out as one piece of memory, bytes: cheaper than telling the kernel of two. */
const joinedBytes = 32_768;

/**
 * One exchange in the lane: a request without a body, and its answer, written to the client's socket as bytes. The
 * framing is written anew, by length or in chunks of our own.
 */
export class LaneExchange implements ExchangeHandler, Closable {
  readonly method: string;
  readonly visitor: string;
  readonly #socket: Socket;
  readonly #hop: HttpHop;
  readonly #onFinished: (keep: boolean) => void;
  readonly #closes: () => boolean;
  #connection: LentConnection | undefined;
  #repeats = 0;
  /** Head that waits for the first piece of the body. */
  #head: string | undefined;
  #status = 0;
  #chunked = false;
  #closing = false;
  /** The client has not taken all that came yet. */
  #waits = false;
  #over = false;
  #onEnd: (() => void) | undefined;

  /** `closes` tells whether this is to be the last answer on its connection. */
  constructor(
    method: string,
    socket: Socket,
    hop: HttpHop,
    { closes, onFinished }: { closes: () => boolean; onFinished: (keep: boolean) => void },
  ) {
    this.method = method;
    this.visitor = hop.visitor;
    this.#socket = socket;
    this.#hop = hop;
    this.#closes = closes;
    this.#onFinished = onFinished;
  }

  start(): void {
    this.#hop.pool.request(this);
  }

  onConnection(connection: LentConnection): void {
    this.#connection = connection;
    const { path, query } = this.#hop.exchange.request;
    connection.write(writeHead(`${this.method} ${path}${query} HTTP/1.1`, this.#hop.headers));
    connection.requestSent();
  }

  onDrain(): void {
    // A request without a body never waits
  }

  onInformation(head: AnswerHead): void {
    if (head.status === 100) return;
    const headers = this.#hop.rules.response(head.headers, this.#hop.prefix);
    this.#socket.write(writeHead(`HTTP/1.1 ${head.status} ${head.reason}`, headers), 'latin1');
  }

  onHead(head: AnswerHead, bytesFollow: boolean): void {
    const headers = this.#hop.rules.response(head.headers, this.#hop.prefix);
    this.#status = head.status;
    this.#chunked = head.length < 0;
    this.#closing = this.#closes();
    if (head.length === chunkedBody) pushTrailerNames(headers, head.headers);
    if (this.#chunked) headers.push('Transfer-Encoding', 'chunked');
    if (this.#closing) headers.push('Connection', 'close');
    headers.push('X-Request-Id', this.#hop.exchange.requestId);
    this.#head = writeHead(`HTTP/1.1 ${head.status} ${head.reason}`, headers);
    if (this.#chunked) this.#onEnd = this.#hop.onLong(this);
    if (!bytesFollow) this.#writeHead();
  }

  onData(data: Buffer, last: boolean): boolean {
    const free = this.#chunked ? this.#writeChunk(data) : this.#writeData(data);
    if (free || last) return free;
    this.#waits = true;
    this.#onEnd ??= this.#hop.onLong(this);
    this.#socket.setTimeout(this.#hop.readIdleMs);
    return false;
  }

  /** The client may have taken all that was written. */
  readonly resume = (): void => {
    if (!this.#waits || this.#socket.writableLength > 0) return;
    this.#waits = false;
    this.#socket.setTimeout(0);
    this.#connection?.resume();
  };

  onEnd(trailers: readonly string[]): void {
    this.#connection = undefined;
    if (this.#chunked) {
      this.#writeHead();
      const text = responseTrailers(trailers).map(([name, value]) => `${name}: ${value}\r\n`);
      this.#socket.write(`0\r\n${text.join('')}\r\n`, 'latin1');
    } else this.#writeHead();
    this.#done(this.#status);
    this.#onFinished(!this.#closing);
  }

  onFailure(failure: UpstreamFailure): void {
    this.#connection = undefined;
    if (isRepeatable(failure, this.method, this.#repeats)) {
      this.#repeats += 1;
      this.#hop.pool.request(this);
      return;
    }
    const { cause, phase } = failure;
    const error = new GatewayError(`upstream.${failure.kind}`, { cause, facts: { side: 'server', phase } });
    this.#hop.exchange.refuse(error);
    this.#done(error.status);
  }

  /** Logout, a revoked share or the end of the server: the answer is broken off, never completed. */
  close(): void {
    this.leave();
    this.#socket.destroy();
  }

  /** The client has gone. */
  leave(): void {
    if (this.#over) return;
    if (this.#connection === undefined) this.#hop.pool.withdraw(this);
    else this.#connection.abort();
    this.#connection = undefined;
    this.#done(499);
  }

  /** Whether the client has seen the beginning of an answer. */
  get begun(): boolean {
    return this.#status !== 0;
  }

  #done(status: number): void {
    this.#over = true;
    this.#onEnd?.();
    this.#onEnd = undefined;
    this.#hop.onDone(status);
  }

  #writeHead(): void {
    if (this.#head !== undefined) this.#socket.write(this.#head, 'latin1');
    this.#head = undefined;
  }

  /** These return whether nothing of `data` is waiting to be taken. */
  #writeData(data: Buffer): boolean {
    const head = this.#head;
    if (head === undefined) return this.#writeLong(data);
    this.#head = undefined;
    if (head.length + data.length > joinedBytes) {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      this.#socket.write(data, this.resume);
      this.#socket.uncork();
      return this.#socket.writableLength === 0;
    }
    const joined = Buffer.allocUnsafe(head.length + data.length);
    joined.write(head, 0, 'latin1');
    data.copy(joined, head.length);
    return this.#socket.write(joined);
  }

  #writeChunk(data: Buffer): boolean {
    const start = `${this.#head ?? ''}${data.length.toString(16)}\r\n`;
    this.#head = undefined;
    if (start.length + data.length > joinedBytes) {
      this.#socket.cork();
      this.#socket.write(start, 'latin1');
      this.#socket.write(data);
      this.#socket.write('\r\n', 'latin1', this.resume);
      this.#socket.uncork();
      return this.#socket.writableLength === 0;
    }
    const joined = Buffer.allocUnsafe(start.length + data.length + 2);
    joined.write(start, 0, 'latin1');
    data.copy(joined, start.length);
    joined.write('\r\n', start.length + data.length, 'latin1');
    return this.#socket.write(joined);
  }

  #writeLong(data: Buffer): boolean {
    this.#socket.write(data, this.resume);
    return this.#socket.writableLength === 0;
  }
}
