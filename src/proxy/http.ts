import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors } from 'undici';
import type { Dispatcher, Pool } from 'undici';
import { GatewayError } from '../errors.ts';
import type { HeaderRules } from './headers.ts';
import { RequestBody } from './requestBody.ts';
import type { Exchange } from './types.ts';

export interface HttpHop {
  pool: Pool;
  rules: HeaderRules;
  /** Of the request, already by rule. */
  headers: string[];
  /** Cookies of the answer are confined to it. */
  prefix: string;
  exchange: Exchange;
  /** Called once with the status the client got. */
  onDone?: ((status: number) => void) | undefined;
}

/** Carries one request to its upstream and the answer back, streaming both with back-pressure. */
export function carryHttp(req: IncomingMessage, res: ServerResponse, hop: HttpHop): void {
  const { contentLength, chunked } = hop.exchange.request;
  const body = chunked || (contentLength ?? 0) > 0 ? new RequestBody(req) : null;
  new Carrier(req, res, hop, body).send();
}

/** Methods that may be sent twice (RFC 9110, 9.2.2); only without a body, since that is gone. */
const repeatable = new Set(['GET', 'HEAD', 'OPTIONS']);

/** undici's handler for one exchange. A class, since one is made for every request. */
class Carrier implements Dispatcher.DispatchHandler {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #hop: HttpHop;
  readonly #body: RequestBody | null;
  #controller: Dispatcher.DispatchController | undefined;
  #gone = false;
  #answered = false;
  #retried = false;
  /** Bytes of the answer still to come; -1 where its length is not known. */
  #left = -1;

  constructor(req: IncomingMessage, res: ServerResponse, hop: HttpHop, body: RequestBody | null) {
    this.#req = req;
    this.#res = res;
    this.#hop = hop;
    this.#body = body;
    res.on('close', this.#onClientClose);
  }

  send(): void {
    const { request } = this.#hop.exchange;
    const method = this.#req.method as Dispatcher.HttpMethod;
    try {
      this.#hop.pool.dispatch(
        { method, path: request.path + request.query, headers: this.#hop.headers, body: this.#body },
        this,
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #onClientClose = (): void => {
    if (this.#res.writableFinished) return;
    this.#gone = true;
    this.#controller?.abort(new errors.RequestAbortedError());
    this.#body?.destroy();
  };

  readonly #onDrain = (): void => this.#controller?.resume();

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#gone) controller.abort(new errors.RequestAbortedError());
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, text?: string): void {
    const raw = decode(controller.rawHeaders);
    if (status < 200) {
      passInformation(this.#res, status, raw);
      return;
    }
    this.#answered = true;
    const headers = this.#hop.rules.response(raw, this.#hop.prefix);
    this.#left = lengthOf(headers);
    headers.push('X-Request-Id', this.#hop.exchange.requestId);
    this.#res.writeHead(status, text ?? '', headers);
    if (this.#left === -1) this.#res.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#left !== -1 && (this.#left -= chunk.length) === 0) this.#res.end(chunk);
    else if (!this.#res.write(chunk)) {
      controller.pause();
      this.#res.once('drain', this.#onDrain);
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const trailers = controller.rawTrailers;
    if (Array.isArray(trailers) && trailers.length > 0) this.#res.addTrailers(pairs(decode(trailers)));
    if (!this.#res.writableEnded) this.#res.end();
    this.#hop.onDone?.(this.#res.statusCode);
  }

  onResponseError(_: unknown, error: Error): void {
    this.#fail(error);
  }

  #fail(error: unknown): void {
    if (this.#gone) {
      this.#hop.onDone?.(499);
      return;
    }
    if (
      !this.#answered &&
      !this.#retried &&
      this.#body === null &&
      isStale(error) &&
      repeatable.has(this.#req.method!)
    ) {
      this.#retried = true;
      this.#controller = undefined;
      this.send();
      return;
    }
    this.#res.off('close', this.#onClientClose);
    const coded = this.#coded(error);
    this.#hop.exchange.refuse(coded);
    this.#hop.onDone?.(coded.status);
  }

  /** The failure by phase and side. */
  #coded(cause: unknown): GatewayError {
    const code = codeOf(cause);
    const facts = {
      phase: this.#answered ? 'answer body' : this.#controller === undefined ? 'connect' : 'answer head',
    };
    if (code === 'UND_ERR_HEADERS_TIMEOUT') return new GatewayError('upstream.timeout', { cause, facts });
    if (this.#controller === undefined) return new GatewayError('upstream.connect', { cause, facts });
    return new GatewayError('upstream.broken', { cause, facts });
  }
}

/** A kept connection that the upstream closed as we wrote: it has read nothing (RFC 9112, 9.3.1). */
function isStale(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}

function codeOf(error: unknown): string {
  return (error as { code?: string } | undefined)?.code ?? '';
}

type RawHeaders = Dispatcher.DispatchController['rawHeaders'];

function decode(raw: RawHeaders): string[] {
  if (!Array.isArray(raw)) return [];
  return raw.map((item) => (typeof item === 'string' ? item : item.toString('latin1')));
}

function lengthOf(headers: readonly string[]): number {
  for (let i = 0; i < headers.length; i += 2)
    if (headers[i]!.length === 14 && headers[i]!.toLowerCase() === 'content-length') return Number(headers[i + 1]);
  return -1;
}

function pairs(flat: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) out.push([flat[i]!, flat[i + 1]!]);
  return out;
}

/** 103 is useful to browsers (RFC 8297), 102 keeps a wait alive; 100 is between client and gateway. */
function passInformation(res: ServerResponse, status: number, raw: readonly string[]): void {
  if (status === 102) res.writeProcessing();
  if (status !== 103) return;
  const links = pairs(raw)
    .filter(([name]) => name.toLowerCase() === 'link')
    .map(([, value]) => value);
  try {
    res.writeEarlyHints({ link: links });
  } catch {
    // Node takes only links of the form of RFC 8288; hints that are not are not worth an error
  }
}
