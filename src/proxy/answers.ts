import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { endAfterAnswer, endSoftly, isEnding } from '../listen/lastAnswer.ts';
import type { OneATurn } from './oneATurn.ts';
import { ownHeaders } from '../ownHeaders.ts';
import type { Rendered } from './types.ts';
import { writeHead } from './writeHead.ts';

/** How long a client may go on sending a body that nobody wants, after its answer, ms. */
const lingerMs = 5000;

/** Sends a made answer. `close` where the connection cannot be trusted, or the client may or may not send its body. */
export function answerHttp(
  req: IncomingMessage,
  res: ServerResponse,
  rendered: Rendered,
  { requestId, close }: { requestId: string; close: boolean },
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  const headers: Record<string, string | string[] | number> = {
    ...ownHeaders,
    ...rendered.headers,
    'content-length': Buffer.byteLength(rendered.body),
    'x-request-id': requestId,
  };
  if (close) {
    headers['connection'] = 'close';
    endAfterAnswer(req);
  }
  res.writeHead(rendered.status, headers);
  res.end(req.method === 'HEAD' ? undefined : rendered.body);
  if (!close && !req.complete) linger(req);
}

/**
 * To close while the client still sends is to reset the connection, and the answer may be lost with it (RFC 9112,
 * 9.6): its body is read and thrown away for a while.
 */
function linger(req: IncomingMessage): void {
  req.resume();
  const cut = setTimeout(() => req.socket.destroy(), lingerMs);
  const stop = (): void => clearTimeout(cut);
  req.once('end', stop).once('close', stop);
}

/** A body for a page of ours is small: who takes longer than `ms` for all of it is cut off. */
export function limitBody(req: IncomingMessage, ms: number): void {
  const cut = setTimeout(() => req.socket.destroy(), ms);
  const stop = (): void => clearTimeout(cut);
  req.once('end', stop).once('close', stop);
}

/** The same answer to an upgrade: status line, headers, body, end. */
export function answerUpgrade(socket: Duplex, rendered: Rendered, requestId: string): void {
  if (socket.destroyed || socket.writableEnded) return;
  const headers: string[] = [];
  for (const [name, value] of Object.entries({ ...ownHeaders, ...rendered.headers }))
    if (name !== 'x-request-id') for (const one of Array.isArray(value) ? value : [value]) headers.push(name, one);
  const body = Buffer.from(rendered.body);
  headers.push('content-length', String(body.length), 'x-request-id', requestId, 'connection', 'close');
  const head = writeHead(`HTTP/1.1 ${rendered.status} ${STATUS_CODES[rendered.status] ?? ''}`, headers);
  endSoftly(socket, Buffer.concat([Buffer.from(head, 'latin1'), body]));
}

const latest = Symbol('latest answer');
const broken = Symbol('what came last has no end');
const waiting = Symbol('requests that wait for their turn');
type Marked = Duplex & { [latest]?: ServerResponse; [broken]?: true; [waiting]?: number };

/** Requests of a connection that may wait for their turn; beyond the first, nothing is read until some have had it. */
const pauseAhead = 16;
const maxAhead = 200;

/**
 * One request of a connection at a time, as in the lane: Node reads on while an answer is due, so that a client which
 * does not wait could have any number of them carried at once, and leave without those in the queue being told. What was
 * sent ahead waits for `ahead` too, as there.
 */
export function inTurn(req: IncomingMessage, res: ServerResponse, ahead: OneATurn, take: () => void): void {
  const before = dueAnswer(req.socket);
  const socket = req.socket as Marked;
  socket[latest] = res;
  const next = (): void => {
    if (!isEnding(socket)) take();
  };
  if (before === undefined) {
    next();
    return;
  }
  const count = (socket[waiting] = (socket[waiting] ?? 0) + 1);
  if (count > maxAhead) socket.destroy();
  else if (count === pauseAhead) socket.pause();
  before.once('close', () => {
    const left = (socket[waiting] ?? 0) - 1;
    socket[waiting] = left;
    if (left === pauseAhead - 1) socket.resume();
    ahead(next);
  });
}

/** The answer that is still to be sent on a connection. */
export function dueAnswer(socket: Duplex): ServerResponse | undefined {
  const answer = (socket as Marked)[latest];
  return answer?.writableFinished === false ? answer : undefined;
}

/** Whether the body of a request will never come, as the parser has refused the rest of it. */
export function isBroken(req: IncomingMessage): boolean {
  return (req.socket as Marked)[broken] === true && !req.complete;
}

/**
 * What the parser itself refused: there is no request to answer, only a socket. Whatever was asked before it is answered
 * first: a client that sent both at once would take this for the answer to that. Nothing is put behind an answer that
 * closes the connection, nor into the middle of one.
 */
export function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (socket.destroyed) return;
  const due = dueAnswer(socket);
  // Only HTTP's own faults have somebody to tell: a TLS handshake that failed would wait for ever to be told
  if (!/^(?:HPE|ERR_HTTP)_/.test(error.code ?? '') || !socket.writable) socket.destroy();
  else if (due === undefined) refuseBroken(error, socket);
  else if (due.req.complete) due.once('finish', () => refuseBroken(error, socket));
  else if (due.writableEnded) due.once('finish', () => endSoftly(socket));
  else if (due.headersSent) socket.destroy();
  else if (due.socket === null) (socket as Marked)[broken] = true;
  else refuseBroken(error, socket);
}

/** Nearly always it is cookies, which only the person can get rid of. */
const tooLarge =
  "431 The request's head is too large.\nDelete the cookies of this site in your browser, then sign in again.\n";

function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return;
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400;
  const text = status === 431 ? tooLarge : '';
  const type = text === '' ? [] : ['content-type', 'text/plain'];
  const headers = [...type, 'content-length', String(text.length), 'connection', 'close'];
  const own = Object.entries(ownHeaders).flat();
  const head = writeHead(`HTTP/1.1 ${status} ${STATUS_CODES[status]!}`, [...headers, ...own]);
  endSoftly(socket, head + text);
}
