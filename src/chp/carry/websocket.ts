import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../../errors.ts';
import { closeFrame, FrameTracker } from '../../proxy/frames.ts';
import type { AnswerRules, Closable, Exchange } from './types.ts';
import { readUpgradeHead, writeHead } from './upgradeHead.ts';
import type { UpgradeHead } from './upgradeHead.ts';

export interface WebSocketHop {
  /** Opens a connection to the target. */
  connect(): Socket;
  rules: AnswerRules;
  /** Of the request, already by rule; the upgrade's own headers are added here. */
  headers: string[];
  exchange: Exchange;
  connectTimeoutMs: number;
  headersTimeoutMs: number;
  maxHeadBytes: number;
  /** The upstream has agreed: returns what to call at the end. */
  onOpen(connection: Closable): () => void;
  /** The client sent data (not a ping or pong). */
  onActivity(): void;
}

/** How long a peer gets to take the close frame before its socket is cut, ms. */
const closeGraceMs = 2000;
/** TCP probes find peers that vanished without a word, ms of quiet before the first. */
const tcpProbeMs = 30_000;

/** Joins the client's socket to one of the upstream. Both have their error handler before anything is awaited. */
export function carryWebSocket(client: Duplex, head: Buffer, hop: WebSocketHop): void {
  new Tunnel(client as Socket, head, hop).start();
}

class Tunnel implements Closable {
  readonly #client: Socket;
  readonly #head: Buffer;
  readonly #hop: WebSocketHop;
  readonly #upstream: Socket;
  readonly #fromUpstream = new FrameTracker();
  readonly #fromClient = new FrameTracker();
  #timer: NodeJS.Timeout | undefined;
  #connected = false;
  #open = false;
  #closing: Uint8Array | undefined;
  #onEnd: (() => void) | undefined;
  #received: Buffer = Buffer.alloc(0);

  constructor(client: Socket, head: Buffer, hop: WebSocketHop) {
    this.#client = client;
    this.#head = head;
    this.#hop = hop;
    this.#upstream = hop.connect();
  }

  start(): void {
    const upstream = this.#upstream;
    this.#client.on('error', () => this.#end());
    this.#client.on('close', () => this.#end());
    upstream.on('error', (cause) => this.#fail(this.#connected ? 'upstream.broken' : 'upstream.connect', cause));
    upstream.on('close', () => this.#fail('upstream.broken', new Error('the upstream closed before it answered')));
    upstream.on('connect', () => this.#sendHead());
    upstream.on('data', this.#onHead);
    this.#client.setTimeout(0);
    this.#client.setNoDelay(true);
    this.#deadline(this.#hop.connectTimeoutMs);
  }

  /** Sends a close frame at the next frame border, then ends. */
  close(code: number, reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = closeFrame(code, reason);
    this.#timer = setTimeout(() => this.#end(), closeGraceMs);
    if (this.#fromUpstream.atBorder) this.#sayClose();
  }

  #deadline(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail('upstream.timeout', new Error(`no answer in ${ms} ms`)), ms);
  }

  #sendHead(): void {
    this.#connected = true;
    this.#deadline(this.#hop.headersTimeoutMs);
    const { request } = this.#hop.exchange;
    this.#upstream.setNoDelay(true);
    this.#upstream.write(
      writeHead(`GET ${request.path}${request.query} HTTP/1.1`, [
        ...this.#hop.headers,
        'Connection',
        'Upgrade',
        'Upgrade',
        'websocket',
      ]),
    );
    if (this.#head.length > 0) this.#upstream.write(this.#head);
  }

  readonly #onHead = (chunk: Buffer): void => {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    try {
      const head = readUpgradeHead(this.#received);
      if (head === undefined && this.#received.length > this.#hop.maxHeadBytes) throw new Error('head too large');
      if (head !== undefined) this.#onAnswer(head);
    } catch (error) {
      this.#fail('upstream.broken', error);
    }
  };

  #onAnswer(head: UpgradeHead): void {
    if (head.status < 200 && head.status !== 101) {
      this.#received = head.rest;
      if (head.rest.length > 0) this.#onHead(Buffer.alloc(0));
      return;
    }
    clearTimeout(this.#timer);
    this.#upstream.off('data', this.#onHead);
    this.#received = Buffer.alloc(0);
    if (head.status === 101) this.#join(head);
    else this.#passRefusal(head);
  }

  #join(head: UpgradeHead): void {
    this.#open = true;
    const headers = [...this.#hop.rules.response(head.headers), 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
    headers.push('X-Request-Id', this.#hop.exchange.requestId);
    this.#client.write(writeHead('HTTP/1.1 101 Switching Protocols', headers));
    this.#onEnd = this.#hop.onOpen(this);
    for (const socket of [this.#client, this.#upstream]) socket.setKeepAlive(true, tcpProbeMs);
    this.#upstream.on('data', this.#toClient);
    this.#upstream.on('end', () => this.#client.end());
    this.#client.on('drain', () => this.#upstream.resume());
    this.#client.on('data', this.#toUpstream);
    this.#client.on('end', () => this.#upstream.end());
    this.#upstream.on('drain', () => this.#client.resume());
    if (this.#head.length > 0 && this.#fromClient.push(this.#head)) this.#hop.onActivity();
    if (head.rest.length > 0) this.#toClient(head.rest);
  }

  readonly #toClient = (chunk: Buffer): void => {
    this.#fromUpstream.push(chunk);
    if (!this.#client.write(chunk)) this.#upstream.pause();
    if (this.#closing !== undefined && this.#fromUpstream.atBorder) this.#sayClose();
  };

  readonly #toUpstream = (chunk: Buffer): void => {
    if (this.#fromClient.push(chunk)) this.#hop.onActivity();
    if (!this.#upstream.write(chunk)) this.#client.pause();
  };

  #sayClose(): void {
    this.#upstream.off('data', this.#toClient);
    this.#client.off('data', this.#toUpstream);
    this.#client.resume();
    this.#client.end(this.#closing ?? '');
    this.#upstream.destroy();
  }

  /** The upstream said no: its answer goes to the client as it is, and the connection ends with it. */
  #passRefusal(head: UpgradeHead): void {
    const headers = this.#hop.rules.response(head.headers);
    const coding = valueOf(head.headers, 'transfer-encoding');
    if (coding !== undefined) headers.push('Transfer-Encoding', coding);
    headers.push('Connection', 'close', 'X-Request-Id', this.#hop.exchange.requestId);
    this.#open = true;
    this.#client.write(writeHead(`HTTP/1.1 ${head.status} ${head.reason}`, headers));
    this.#client.resume();
    if (head.rest.length > 0) this.#client.write(head.rest);
    this.#upstream.pipe(this.#client);
  }

  #fail(code: 'upstream.connect' | 'upstream.broken' | 'upstream.timeout', cause: unknown): void {
    if (!this.#open && !this.#client.destroyed) {
      this.#open = true;
      const facts = { phase: this.#connected ? 'answer to the upgrade' : 'connect' };
      clearTimeout(this.#timer);
      this.#upstream.destroy();
      this.#hop.exchange.refuse(new GatewayError(code, { cause, facts }));
      return;
    }
    if (this.#closing === undefined && !this.#client.writableEnded) this.#client.end();
    if (!this.#upstream.destroyed) this.#upstream.destroy();
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#client.destroy();
    this.#upstream.destroy();
    this.#onEnd?.();
    this.#onEnd = undefined;
  }
}

function valueOf(headers: readonly string[], lower: string): string | undefined {
  const at = headers.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === lower);
  return at === -1 ? undefined : headers[at + 1];
}
