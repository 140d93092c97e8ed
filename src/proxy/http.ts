import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../errors.ts';
import { hasBody } from './canonical.ts';
import type { Closable } from './connections.ts';
import type { AnswerRules } from './headers.ts';
import { RequestBody } from './requestBody.ts';
import { pushTrailerNames, responseTrailers } from './trailers.ts';
import type { Exchange } from './types.ts';
import { chunkedBody } from './upstream/answerHead.ts';
import type { AnswerHead } from './upstream/answerHead.ts';
import type { UpstreamPool } from './upstream/pool.ts';
import type { Ticker } from './upstream/ticker.ts';
import type { ExchangeHandler, LentConnection, UpstreamFailure } from './upstream/types.ts';
import { writeHead } from './writeHead.ts';

export interface HttpHop {
  pool: UpstreamPool;
  ticker: Ticker;
  rules: AnswerRules;
  /** Of the request, already by rule. */
  headers: string[];
  /** Cookies of the answer are confined to it. */
  prefix: string;
  exchange: Exchange;
  /** Account that asks. */
  visitor: string;
  /** Longest silence of a client in the middle of its body, ms. */
  bodyIdleMs: number;
  /** Longest time a client may take nothing of an answer that waits for it, ms; 0 where somebody else sees to that. */
  readIdleMs: number;
  /** The answer will last: it is a stream, or larger than its reader is fast. Returns what to call at its end. */
  onLong(exchange: Closable): () => void;
  /** Called once, with the status the client got; 499 where it left before its answer was complete. */
  onDone(status: number): void;
}

/** Carries one request to its upstream and the answer back, streaming both with back-pressure. */
export function carryHttp(req: IncomingMessage, res: ServerResponse, hop: HttpHop): void {
  hop.pool.request(new Carrier(req, res, hop));
}

/** Methods that may be sent twice (RFC 9110, 9.2.2); only without a body, since that is gone. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS']);
/** After a restart of the upstream, more than one kept connection may have gone stale. */
const maxRepeats = 2;

/** Whether a request without a body may be sent once more after this failure. */
export function isRepeatable(failure: UpstreamFailure, method: string, repeats: number): boolean {
  return failure.stale && repeats < maxRepeats && repeatable.has(method);
}

const nothing = new Uint8Array();

/** One exchange. A class, since one is made for every request. */
class Carrier implements ExchangeHandler, Closable {
  readonly method: string;
  readonly visitor: string;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #hop: HttpHop;
  readonly #body: RequestBody | undefined;
  #connection: LentConnection | undefined;
  #repeats = 0;
  /** The client has not taken all that came yet. */
  #waits = false;
  #onEnd: (() => void) | undefined;

  constructor(req: IncomingMessage, res: ServerResponse, hop: HttpHop) {
    this.method = req.method!;
    this.visitor = hop.visitor;
    this.#req = req;
    this.#res = res;
    this.#hop = hop;
    const { chunked } = hop.exchange.request;
    if (hasBody(hop.exchange.request))
      this.#body = new RequestBody(req, {
        chunked,
        idleMs: hop.bodyIdleMs,
        ticker: hop.ticker,
        onStalled: () => this.#giveUp(new GatewayError('request.timeout', { facts: clientFacts })),
      });
    res.on('close', this.#onClientClose);
  }

  onConnection(connection: LentConnection): void {
    this.#connection = connection;
    const { request, expectsContinue } = this.#hop.exchange;
    const { headers } = this.#hop;
    if (this.#repeats === 0) {
      if (request.chunked) headers.push('Transfer-Encoding', 'chunked');
      if (expectsContinue) headers.push('Expect', '100-continue');
    }
    connection.write(writeHead(`${this.method} ${request.path}${request.query} HTTP/1.1`, headers));
    if (this.#body === undefined) connection.requestSent();
    else this.#body.sendTo(connection);
  }

  onDrain(): void {
    this.#body?.resume();
  }

  /** 100 asks the client for its body; 102 and 103 are news on the way, which HTTP/1.0 does not know (RFC 9110, 15.2). */
  onInformation(head: AnswerHead): void {
    if (head.status === 100) {
      if (this.#hop.exchange.expectsContinue && !this.#res.headersSent) this.#res.writeContinue();
      return;
    }
    const headers = this.#hop.rules.response(head.headers, this.#hop.prefix);
    if (this.#req.httpVersion === '1.1')
      this.#res.socket?.write(writeHead(`HTTP/1.1 ${head.status} ${head.reason}`, headers), 'latin1');
  }

  onHead(head: AnswerHead, bytesFollow: boolean): void {
    const headers = this.#hop.rules.response(head.headers, this.#hop.prefix);
    if (head.length === chunkedBody && this.#req.httpVersion === '1.1') pushTrailerNames(headers, head.headers);
    if (this.#body !== undefined && !this.#req.complete && this.#hop.exchange.expectsContinue)
      headers.push('Connection', 'close');
    headers.push('X-Request-Id', this.#hop.exchange.requestId);
    this.#res.writeHead(head.status, head.reason, headers);
    if (head.length < 0) this.#onEnd = this.#hop.onLong(this);
    // Not `flushHeaders`, which writes a head in UTF-8, other than a body that follows
    if (head.length !== 0 && !bytesFollow) this.#res.write(nothing);
  }

  onData(data: Buffer, last: boolean): boolean {
    if (last) this.#res.end(data);
    else this.#res.write(data, this.#onWritten);
    if (this.#isFlushed()) return true;
    if (last) return false;
    this.#waits = true;
    // Node destroys a connection whose time is over; bytes that its peer takes begin the time anew
    if (this.#hop.readIdleMs > 0) this.#res.socket?.setTimeout(this.#hop.readIdleMs);
    this.#onEnd ??= this.#hop.onLong(this);
    return false;
  }

  #isFlushed(): boolean {
    return this.#res.writableLength === 0 && this.#req.socket.writableLength === 0;
  }

  onEnd(trailers: readonly string[]): void {
    this.#connection = undefined;
    if (trailers.length > 0 && this.#res.chunkedEncoding) this.#res.addTrailers(responseTrailers(trailers));
    if (!this.#res.writableEnded) this.#res.end();
    this.#body?.discard();
    this.#done(this.#res.statusCode);
  }

  onFailure(failure: UpstreamFailure): void {
    this.#connection = undefined;
    if (this.#body === undefined && isRepeatable(failure, this.method, this.#repeats)) {
      this.#repeats += 1;
      this.#hop.pool.request(this);
      return;
    }
    const { cause, phase } = failure;
    const code = `upstream.${failure.kind}` as const;
    this.#giveUp(new GatewayError(code, { cause, facts: { side: 'server', phase } }));
  }

  /** Logout, a revoked share or the end of the server: the answer is broken off, never completed. */
  close(): void {
    this.#letGo();
    this.#res.destroy();
    this.#done(499);
  }

  readonly #onWritten = (): void => {
    if (!this.#waits || !this.#isFlushed()) return;
    this.#waits = false;
    if (this.#hop.readIdleMs > 0) this.#res.socket?.setTimeout(0);
    this.#connection?.resume();
  };

  readonly #onClientClose = (): void => {
    if (this.#res.writableFinished) return;
    this.#letGo();
    this.#done(499);
  };

  #giveUp(error: GatewayError): void {
    this.#letGo();
    this.#hop.exchange.refuse(error);
    this.#done(error.status);
  }

  /** Nothing more goes to the upstream or comes from it. */
  #letGo(): void {
    if (this.#connection === undefined) this.#hop.pool.withdraw(this);
    else this.#connection.abort();
    this.#connection = undefined;
    this.#body?.discard();
  }

  #done(status: number): void {
    this.#res.off('close', this.#onClientClose);
    this.#onEnd?.();
    this.#onEnd = undefined;
    this.#hop.onDone(status);
  }
}

const clientFacts = { side: 'client', phase: 'request body' };
