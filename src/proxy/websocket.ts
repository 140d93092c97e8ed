import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../errors.ts';
import type { ClientReads } from './clientReads.ts';
import type { Closable } from './connections.ts';
import { closeFrame, FrameTracker, pingFrame } from './frames.ts';
import { HandshakeReader } from './handshakeReader.ts';
import type { AnswerRules } from './headers.ts';
import type { Exchange } from './types.ts';
import { answerLength, valueOf } from './upgradeAnswer.ts';
import type { AnswerLength } from './upgradeAnswer.ts';
import { writeHead } from './writeHead.ts';
import type { AnswerHead } from './upstream/answerHead.ts';
import { onConnected } from './upstream/connect.ts';
import { copyOf } from './upstream/readMemory.ts';
import type { ReadMemory } from './upstream/readMemory.ts';
import type { Expiring, Ticker } from './upstream/ticker.ts';
import type { Connect } from './upstream/types.ts';

export interface WebSocketHop {
  connect: Connect;
  memory: ReadMemory;
  reads: ClientReads;
  ticker: Ticker;
  rules: AnswerRules;
  /** Of the request, already by rule; the upgrade's own headers are added here. */
  headers: string[];
  prefix: string;
  exchange: Exchange;
  connectTimeoutMs: number;
  headersTimeoutMs: number;
  maxHeadBytes: number;
  /** Quiet of the client before it is pinged, and again before it counts as gone. */
  pingMs: number;
  /** Longest time a client may take nothing of what waits for it, ms; 0 for any. */
  readIdleMs: number;
  /** The upstream has agreed: returns what to call at the end. */
  onOpen(connection: Closable): () => void;
  /** The client sent data (not a ping or pong). */
  onActivity(): void;
}

/** How long a peer gets to take the close frame, or to close after the other has, before its socket is cut, ms. */
const closeGraceMs = 2000;
/** No client of a WebSocket sends before it has been agreed to (RFC 6455, 4.1), but some may, a little. */
const maxEarlyBytes = 65_536;
/** TCP probes find peers that vanished without a word, ms of quiet before the first. */
const tcpProbeMs = 30_000;
const upgradeHeaders = ['Connection', 'Upgrade', 'Upgrade', 'websocket'];

/** Joins the client's socket to one of the upstream. Both have their error handler before anything is awaited. */
export function carryWebSocket(client: Duplex, head: Buffer, hop: WebSocketHop): void {
  new Tunnel(client as Socket, hop).start(head);
}

type State = 'connecting' | 'asked' | 'open' | 'halfClosed' | 'refused' | 'closing' | 'ended';

/**
 * connecting → asked (the handshake is on its way) → open (bytes pass both ways) → halfClosed (one side has sent its
 * last byte) → closing (the other's last bytes, or our close frame, are on their way out) → ended; or asked → refused
 * (the upstream's answer passes, then all ends) → ended.
 */
class Tunnel implements Closable, Expiring {
  deadline = 0;
  readonly #client: Socket;
  /** What the client sent behind its handshake. An upstream that says no would read it as another request. */
  readonly #early: Buffer[] = [];
  #earlyBytes = 0;
  readonly #hop: WebSocketHop;
  readonly #upstream: Socket;
  readonly #handshake: HandshakeReader;
  readonly #fromUpstream = new FrameTracker();
  readonly #fromClient = new FrameTracker();
  #state: State = 'connecting';
  #pinged = false;
  #goodbye: { code: number; reason: string } | undefined;
  #onEnd: (() => void) | undefined;
  #answer: AnswerLength | undefined;

  constructor(client: Socket, hop: WebSocketHop) {
    this.#client = client;
    this.#hop = hop;
    this.#handshake = new HandshakeReader(hop.maxHeadBytes);
    this.#upstream = hop.connect(hop.memory.sharing((chunk) => this.#onUpstreamData(chunk)));
  }

  start(head: Buffer): void {
    const upstream = this.#upstream;
    this.#client.on('error', this.#end);
    this.#client.on('close', this.#end);
    // Read from the beginning: who leaves while the upstream thinks would not be noticed otherwise
    this.#client.on('end', this.#end);
    this.#client.on('data', this.#onEarly);
    upstream.on('error', (cause) => this.#fail(cause));
    upstream.on('close', () => this.#fail(new Error('the upstream closed the connection')));
    onConnected(upstream, () => this.#ask());
    this.#client.setTimeout(0);
    this.#client.setNoDelay(true);
    this.#hop.ticker.add(this);
    this.#within(this.#hop.connectTimeoutMs);
    if (head.length > 0) this.#onEarly(head);
  }

  readonly #onEarly = (chunk: Buffer): void => {
    this.#early.push(chunk);
    this.#earlyBytes += chunk.length;
    if (this.#earlyBytes > maxEarlyBytes) this.#end();
  };

  #stopReadingEarly(): void {
    this.#client.off('end', this.#end).off('data', this.#onEarly);
  }

  /** Sends a close frame at the next frame border, then ends. */
  close(code: number, reason: string): void {
    if (this.#goodbye !== undefined || this.#state === 'ended') return;
    this.#goodbye = { code, reason };
    this.#within(closeGraceMs);
    if (this.#fromUpstream.atBorder) this.#sayClose();
  }

  expire(): void {
    if (this.#state === 'open' && this.#goodbye === undefined) this.#ping();
    else if (this.#state === 'connecting' || this.#state === 'asked') this.#fail(new Error('no answer in time'), true);
    else this.#end();
  }

  /** A client that cannot take more is not asked: TCP itself finds out whether it is still there. */
  #ping(): void {
    if (this.#pinged) {
      this.#end();
      return;
    }
    this.#within(this.#hop.pingMs);
    if (this.#client.writableNeedDrain || !this.#fromUpstream.atBorder) return;
    this.#pinged = true;
    this.#client.write(pingFrame);
  }

  #within(ms: number): void {
    this.deadline = this.#hop.ticker.after(ms);
  }

  #ask(): void {
    this.#state = 'asked';
    this.#within(this.#hop.headersTimeoutMs);
    const { request } = this.#hop.exchange;
    const first = `GET ${request.path}${request.query} HTTP/1.1`;
    this.#upstream.write(writeHead(first, [...this.#hop.headers, ...upgradeHeaders]), 'latin1');
  }

  #onUpstreamData(chunk: Buffer): void {
    if (this.#state === 'open' || this.#state === 'halfClosed') this.#toClient(chunk);
    else if (this.#state === 'refused') this.#passRefusal(chunk);
    else if (this.#state === 'asked') this.#readAnswer(chunk);
  }

  #readAnswer(chunk: Buffer): void {
    try {
      const answer = this.#handshake.push(chunk);
      if (answer?.head.status === 101) this.#join(answer.head, answer.rest);
      else if (answer !== undefined) this.#refuse(answer.head, answer.rest);
    } catch (error) {
      this.#fail(error);
    }
  }

  #join(head: AnswerHead, rest: Buffer): void {
    if (valueOf(head.headers, 'upgrade')?.toLowerCase() !== 'websocket') throw new Error('the answer is no WebSocket');
    this.#state = 'open';
    const { rules, prefix, exchange } = this.#hop;
    const headers = [...rules.response(head.headers, prefix), ...upgradeHeaders, 'X-Request-Id', exchange.requestId];
    this.#client.write(writeHead('HTTP/1.1 101 Switching Protocols', headers), 'latin1');
    this.#within(this.#hop.pingMs);
    this.#onEnd = this.#hop.onOpen(this);
    for (const socket of [this.#client, this.#upstream]) socket.setKeepAlive(true, tcpProbeMs);
    this.#upstream.on('end', () => this.#halfClosed(this.#client));
    this.#client.on('end', () => this.#halfClosed(this.#upstream));
    this.#client.on('timeout', this.#end);
    this.#client.on('drain', () => {
      this.#client.setTimeout(0);
      this.#upstream.resume();
    });
    this.#upstream.on('drain', () => this.#client.resume());
    if (rest.length > 0) this.#toClient(rest);
    this.#stopReadingEarly();
    for (const chunk of this.#early.splice(0)) this.#toUpstream(chunk);
    if (!this.#hop.reads.take(this.#client, this.#takeRead)) this.#client.on('data', this.#toUpstream);
  }

  #toClient(chunk: Buffer): void {
    this.#fromUpstream.push(chunk);
    if (!this.#client.write(chunk)) {
      this.#upstream.pause();
      this.#client.setTimeout(this.#hop.readIdleMs);
    }
    if (this.#goodbye !== undefined && this.#fromUpstream.atBorder) this.#sayClose();
  }

  readonly #takeRead = (memory: Buffer, length: number): void => this.#toUpstream(copyOf(memory, length));

  readonly #toUpstream = (chunk: Buffer): void => {
    if (this.#fromClient.push(chunk)) this.#hop.onActivity();
    if (this.#state === 'open' && this.#goodbye === undefined) {
      this.#pinged = false;
      this.#within(this.#hop.pingMs);
    }
    if (this.#upstream.writable && !this.#upstream.write(chunk)) this.#client.pause();
  };

  /** One side has sent its last byte: the other is told, and then has little time to do the same. */
  #halfClosed(other: Socket): void {
    if (this.#state !== 'open') return;
    this.#state = 'halfClosed';
    this.#within(closeGraceMs);
    other.end();
  }

  #sayClose(): void {
    const { code, reason } = this.#goodbye!;
    this.#state = 'closing';
    this.#hop.reads.release(this.#client);
    this.#client.off('data', this.#toUpstream);
    this.#client.resume();
    this.#client.end(closeFrame(code, reason));
    if (this.#fromClient.atBorder) this.#upstream.end(closeFrame(code, reason, { masked: true }));
    else this.#upstream.destroy();
  }

  /** The upstream said no: its answer goes to the client as it is, and the connection ends with it. */
  #refuse(head: AnswerHead, rest: Buffer): void {
    this.#state = 'refused';
    this.deadline = 0;
    this.#answer = answerLength(head);
    const { rules, prefix, exchange } = this.#hop;
    const headers = rules.response(head.headers, prefix);
    const coding = valueOf(head.headers, 'transfer-encoding');
    if (coding !== undefined) headers.push('Transfer-Encoding', coding);
    headers.push('Connection', 'close', 'X-Request-Id', exchange.requestId);
    this.#stopReadingEarly();
    this.#client.resume();
    this.#client.on('drain', () => this.#upstream.resume());
    this.#client.write(writeHead(`HTTP/1.1 ${head.status} ${head.reason}`, headers), 'latin1');
    this.#passRefusal(rest);
  }

  #passRefusal(chunk: Buffer): void {
    try {
      const end = this.#answer!.take(chunk);
      if (!this.#client.write(end === -1 ? chunk : chunk.subarray(0, end))) this.#upstream.pause();
      if (end === -1) return;
    } catch {
      this.#client.destroy();
    }
    this.#fail(undefined);
  }

  #fail(cause: unknown, late = false): void {
    if (this.#state === 'connecting' || this.#state === 'asked') {
      const connected = this.#state === 'asked';
      const code = !connected ? 'upstream.connect' : late ? 'upstream.timeout' : 'upstream.broken';
      const facts = { side: 'server', phase: connected ? 'answer to the upgrade' : 'connect' };
      this.#leave();
      this.#upstream.destroy();
      this.#hop.exchange.refuse(new GatewayError(code, { cause, facts }));
      return;
    }
    if (this.#state === 'ended') return;
    this.#upstream.destroy();
    if (!this.#client.writableEnded) this.#client.end();
    this.#state = 'closing';
    this.#within(closeGraceMs);
  }

  readonly #end = (): void => {
    this.#leave();
    this.#client.destroy();
    this.#upstream.destroy();
  };

  #leave(): void {
    this.#state = 'ended';
    this.deadline = 0;
    this.#hop.ticker.remove(this);
    this.#client.off('close', this.#end);
    this.#stopReadingEarly();
    this.#onEnd?.();
    this.#onEnd = undefined;
  }
}
