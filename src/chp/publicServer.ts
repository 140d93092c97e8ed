import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { GatewayError } from '../errors.ts';
import { answerBrokenRequest, dueAnswer, inTurn, isBroken } from '../proxy/answers.ts';
import { readCanonical } from '../proxy/canonical.ts';
import type { CanonicalRequest } from '../proxy/canonical.ts';
import type { ClientReads } from '../proxy/clientReads.ts';
import type { Closable } from '../proxy/connections.ts';
import { carryHttp } from '../proxy/http.ts';
import { createLogGate } from '../telemetry/logGate.ts';
import { createOneATurn } from '../proxy/oneATurn.ts';
import { createRequestIds } from '../proxy/requestIds.ts';
import type { Exchange } from '../proxy/types.ts';
import { isWebSocketUpgrade } from '../proxy/upgradeRules.ts';
import type { ReadMemory } from '../proxy/upstream/readMemory.ts';
import type { Ticker } from '../proxy/upstream/ticker.ts';
import { carryWebSocket } from '../proxy/websocket.ts';
import { writeHead } from '../proxy/writeHead.ts';
import type { ChpMetrics } from '../telemetry/chpMetrics.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ErrorAnswers, ErrorStatus } from './errorAnswers.ts';
import { toClient, toTarget } from './headers.ts';
import type { ClientSide } from './headers.ts';
import type { ChpOptions } from './options.ts';
import { chpPathFault } from './pathFault.ts';
import { upgradeFault } from './upgradeFault.ts';
import type { ChpRoute, ChpRoutes } from './routeStore.ts';
import { connectTimeoutMs, maxHeadBytes, noTimeoutMs } from './targets.ts';
import type { Target, Targets } from './targets.ts';
import { upstreamPath } from './upstreamPath.ts';

export interface PublicServerParts {
  options: ChpOptions;
  create(options: ServerOptions): Server;
  routes: ChpRoutes;
  targets: Targets;
  memory: ReadMemory;
  reads: ClientReads;
  ticker: Ticker;
  errors: ErrorAnswers;
  /** Open WebSockets. */
  sockets: Set<Closable>;
  metrics: ChpMetrics | undefined;
  now(): number;
  log: Logger;
}

/** Answers one way or the other: a response, or the bytes of one on an upgrade's socket. */
type Fail = (status: ErrorStatus, url: string, requestId: string) => void;

/** What a request wants of us beside being carried. */
type Kind = 'plain' | 'expects continue' | 'upgrade';

/** A WebSocket client that says nothing for so long is pinged, and given up after as long again, ms. */
const quietMs = 30_000;

interface Carried {
  route: ChpRoute;
  target: Target;
  client: ClientSide;
  headers: string[];
  exchange: Exchange;
}

/** What the world reaches: checks each request once, finds its route, carries it. Nobody is asked who they are. */
export function createPublicServer(parts: PublicServerParts): Server {
  const { options, routes, targets, memory, reads, ticker, sockets, metrics, log } = parts;
  const nextId = createRequestIds();
  const logRefused = createLogGate(log, 'info');
  const logFailed = createLogGate(log, 'warn');
  const ahead = createOneATurn();

  function touch(route: ChpRoute): void {
    const end = metrics?.startActivity();
    route.lastActivity = parts.now();
    end?.();
  }

  function find(path: string, host: string | undefined): ChpRoute | undefined {
    const end = metrics?.startFindTarget();
    const name = options.hostRouting ? (host?.replace(/:[0-9]+$/, '').toLowerCase() ?? '') : undefined;
    const route = routes.match(path, name);
    end?.();
    return route;
  }

  /** Reads, checks and routes; undefined once it has been refused. */
  function prepare(req: IncomingMessage, kind: Kind, fail: Fail): Carried | undefined {
    const raw = req.rawHeaders;
    const upgrade = kind === 'upgrade';
    const canonical = readCanonical(
      { method: req.method!, target: req.url!, version: req.httpVersion, headers: raw, upgrade },
      chpPathFault,
    );
    const requestId = clientsId(req) ?? nextId();
    const refuse = (status: ErrorStatus, reason: string, error?: GatewayError): void => {
      metrics?.proxied(status);
      const cause = error?.cause instanceof Error ? error.cause.message : undefined;
      const path = req.url!.split('?', 1)[0]!.slice(0, 200);
      const tell = status < 500 ? logRefused : logFailed;
      tell({ requestId, status, method: req.method, path, reason, cause }, 'not carried');
      fail(status, req.url!, requestId);
    };
    const fault = isBroken(req) ? 'the body is malformed' : upgrade ? upgradeFault(req) : undefined;
    if (!canonical.ok || fault !== undefined) {
      refuse(400, canonical.ok ? (fault ?? '') : canonical.fault);
      return undefined;
    }
    const asked = canonical.request;
    const route = find(asked.path, asked.host);
    if (route === undefined) {
      refuse(404, 'no route');
      return undefined;
    }
    const target = targets.of(route.target);
    const depth = options.hostRouting && route.depth > 0 ? route.depth - 1 : route.depth;
    const request = { ...asked, ...upstreamPath(asked, target.url, depth, options) };
    const client = clientSide(req, asked, upgrade);
    const headers = toTarget(raw, client, target.url, options);
    const exchange: Exchange = {
      requestId,
      request,
      expectsContinue: kind === 'expects continue',
      refuse: (error) => refuse(503, error.code, error),
    };
    return { route, target, client, headers, exchange };
  }

  function onRequest(req: IncomingMessage, res: ServerResponse, kind: Kind): void {
    res.on('error', ignore);
    inTurn(req, res, ahead, () => take(req, res, kind));
  }

  function take(req: IncomingMessage, res: ServerResponse, kind: Kind): void {
    if (options.timeoutMs !== undefined) req.socket.setTimeout(options.timeoutMs);
    if (req.url === '/_chp_healthz') {
      res.writeHead(200, { 'content-type': 'application/json' }).end('{"status":"OK"}');
      return;
    }
    metrics?.web();
    const carried = prepare(req, kind, (status, url, requestId) => {
      if (res.headersSent || res.destroyed) res.destroy();
      else
        void parts
          .errors(status, url)
          .then(({ headers, body }) => answer(req, res, { status, headers, body, requestId }));
    });
    if (carried === undefined) return;
    const { route, target, client, headers, exchange } = carried;
    carryHttp(req, res, {
      pool: target.pool,
      ticker,
      headers,
      exchange,
      rules: toClient(client, target.url, options),
      prefix: '/',
      visitor: '',
      bodyIdleMs: noTimeoutMs,
      readIdleMs: 0,
      onLong: () => ignore,
      onDone: (status) => {
        metrics?.proxied(status);
        if (status < 300) touch(route);
      },
    });
  }

  function onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', ignore);
    if (dueAnswer(socket) !== undefined) {
      socket.destroy();
      return;
    }
    metrics?.webSocket();
    const carried = prepare(req, 'upgrade', (status) => answerSocket(socket, status));
    if (carried === undefined) return;
    const { route, target, client, headers, exchange } = carried;
    carryWebSocket(socket, head, {
      connect: target.open,
      memory,
      reads,
      ticker,
      headers,
      exchange,
      rules: toClient(client, target.url, options),
      prefix: '/',
      connectTimeoutMs,
      headersTimeoutMs: options.proxyTimeoutMs ?? noTimeoutMs,
      maxHeadBytes,
      pingMs: quietMs,
      readIdleMs: 0,
      onOpen(connection) {
        touch(route);
        sockets.add(connection);
        return () => sockets.delete(connection);
      },
      onActivity: () => touch(route),
    });
  }

  const server = parts.create({
    maxHeaderSize: maxHeadBytes,
    headersTimeout: 60_000,
    requestTimeout: 0,
    keepAliveTimeout: options.keepAliveTimeoutMs,
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: isWebSocketUpgrade,
  });
  server.maxHeadersCount = 0;
  server.on('request', (req, res) => onRequest(req, res, 'plain'));
  server.on('checkContinue', (req, res) => onRequest(req, res, 'expects continue'));
  server.on('upgrade', onUpgrade);
  server.on('clientError', answerBrokenRequest);
  return server;
}

function clientSide(req: IncomingMessage, { host }: CanonicalRequest, upgrade: boolean): ClientSide {
  const { socket } = req;
  return { address: socket.remoteAddress ?? 'unix', secure: (socket as TLSSocket).encrypted, host, upgrade };
}

/** The id that the client or a proxy in front gave the request, if it is a plain one. */
function clientsId(req: IncomingMessage): string | undefined {
  const id = req.headers['x-request-id'];
  return typeof id === 'string' && /^[\w.:-]{1,64}$/.test(id) ? id : undefined;
}

interface Made {
  status: ErrorStatus;
  headers: Record<string, string>;
  body: Buffer;
  requestId: string;
}

function answer(req: IncomingMessage, res: ServerResponse, { status, headers, body, requestId }: Made): void {
  if (res.destroyed) return;
  const close = status === 400 || !req.complete ? { connection: 'close' } : {};
  res.writeHead(status, { ...headers, ...close, 'content-length': body.length, 'x-request-id': requestId });
  res.end(req.method === 'HEAD' ? undefined : body);
}

function answerSocket(socket: Duplex, status: ErrorStatus): void {
  if (socket.destroyed || socket.writableEnded) return;
  const head = ['content-length', '0', 'connection', 'close'];
  socket.end(writeHead(`HTTP/1.1 ${status} ${STATUS_CODES[status]!}`, head), () => socket.destroy());
}

/** A client that went away is no event. Without a listener, it would end the process. */
function ignore(): void {}
