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

  onData(data: Buffer, last: boolean): void {
    const more = this.#chunked ? this.#writeChunk(data) : this.#writeData(data);
    if (more || last) return;
    this.#onEnd ??= this.#hop.onLong(this);
    this.#connection!.pause();
    this.#socket.setTimeout(this.#hop.readIdleMs);
  }

  /** The client takes more again. */
  resume(): void {
    this.#socket.setTimeout(0);
    this.#connection?.resume();
  }

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

  #writeData(data: Buffer): boolean {
    const head = this.#head;
    if (head === undefined) return this.#socket.write(data);
    this.#head = undefined;
    if (head.length + data.length > joinedBytes) {
      this.#socket.cork();
      this.#socket.write(head, 'latin1');
      const more = this.#socket.write(data);
      this.#socket.uncork();
      return more;
    }
    const joined = Buffer.allocUnsafe(head.length + data.length);
    joined.write(head, 0, 'latin1');
    data.copy(joined, head.length);
    return this.#socket.write(joined);
  }

  #writeChunk(data: Buffer): boolean {
    this.#socket.cork();
    this.#writeHead();
    this.#socket.write(`${data.length.toString(16)}\r\n`, 'latin1');
    this.#socket.write(data);
    const more = this.#socket.write('\r\n', 'latin1');
    this.#socket.uncork();
    return more;
  }
}
